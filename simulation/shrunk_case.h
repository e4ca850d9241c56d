// ShrunkCase: a failing plan as a test file, ready for tests/simulation.
//
// Shape    the story as remarks, the plan as a string, one test that expects it not to fail: red
//          until the bug is gone, and a regression test from then on.
#pragma once

#include <string>

#include "simulation/failure.h"
#include "simulation/plan.h"

namespace simulation {

[[nodiscard]] std::string test_of(const Plan& plan, const Failure& failure);

}  // namespace simulation

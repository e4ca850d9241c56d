// Shrink: takes out of a failing plan what the failure does not need.
//
// Shape    people first, then faults, then nodes, then single commands, then what is left of each;
//          each round tries halves before quarters. A smaller plan counts only if it fails in the
//          same way (kind and property).
// Source   Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
#pragma once

#include <functional>
#include <optional>

#include "simulation/failure.h"
#include "simulation/plan.h"

namespace simulation {

// What a plan's run proves wrong, if anything.
using Try = std::function<std::optional<Failure>(const Plan&)>;

struct Shrunk {
  Plan plan;
  Failure failure;
  std::uint64_t tries = 0;
};

inline constexpr std::uint64_t kTriesMax = 2'000;  // Some minutes; further ones gain little.

// REQUIRES that `plan` fails as `failure` says.
[[nodiscard]] Shrunk shrink(const Plan& plan, const Failure& failure, const Try& attempt);

}  // namespace simulation

// Report: what a run says about itself, as JSON between processes and as words for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/result.h"
#include "simulation/plan.h"
#include "simulation/run.h"

namespace simulation {

// One line. Digests of single steps are left out.
[[nodiscard]] std::string to_json(const Report& report);
[[nodiscard]] crdt::Result<Report> parse_report(std::string_view json);

// "1 seed", "2 seeds".
[[nodiscard]] std::string plural(std::uint64_t count, const std::string& noun);

// "seed 7: 5 nodes for 10:00.000000, ...": what a run did, in one line.
[[nodiscard]] std::string summary_of(const Report& report);

// "safety: <property> (seed 7, commit 1234abc, at 3:07.250000): <detail>".
[[nodiscard]] std::string line_of(const Failure& failure, std::uint64_t seed,
                                  std::string_view commit);

// A plan as a story: what was typed and what broke, in plain words.
[[nodiscard]] std::string story_of(const Plan& plan);

// Each mark with its count, those never reached first.
[[nodiscard]] std::string table_of(const Coverage& coverage);

}  // namespace simulation

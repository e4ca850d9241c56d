// Run: one plan from its first event to its verdict.
//
// Shape    people type and things break for the plan's length; then everything but the remainder
//          that the plan breaks for ever is healed, the core must converge within kConvergeMax, and
//          then be quiet. Checkers look at a node now and then, and at all in the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/cluster.h"
#include "simulation/coverage.h"
#include "simulation/failure.h"
#include "simulation/plan.h"

namespace simulation {

// Links that a dead host left take 6 s to be missed and 2 s to be dialled again, a scan that hangs
// is given up after 30 s: all of it in a row, with room.
inline constexpr Duration kConvergeMax = 60s;

struct RunSettings {
  bool keep_digests = false;              // Of every step.
  std::optional<std::uint64_t> describe;  // This step, in words.
  WrapStore wrap;  // Between nodes and disks in memory; where empty, what the plan says.
  Diagram* diagram = nullptr;  // What the run does is recorded here.
};

struct Report {
  std::uint64_t seed = 0;
  std::optional<Failure> failure;
  std::uint64_t digest = 0;
  std::uint64_t steps = 0;
  std::vector<std::uint64_t> digests;
  std::string description;

  Time length{};  // Of the whole run, healing and quiet included.
  std::uint64_t nodes = 0;
  std::uint64_t commands = 0;
  std::uint64_t answered = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t acknowledged = 0;  // Changes that somebody was told are stored.
  std::uint64_t faults = 0;
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t queue_max = 0;
  Duration converged_after{};  // Since healing, or since the last answer after it.
  Duration cpu{};              // Of the process that ran it; no part of the digest.
  Coverage coverage;
  std::vector<std::string> notices;  // The last ones, where it failed.
};

[[nodiscard]] Report run(const Plan& plan, const RunSettings& settings);

}  // namespace simulation

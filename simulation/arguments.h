// Arguments: what a person asked muster-sim for, and what that makes of a run.
//
// Shape    a value that simulation/main.cc fills from the command line. `named` has the options
//          that were given: a default that nobody typed contradicts nothing.
// Errors   options that say nothing together, and files that cannot be written: known before a run,
//          not after it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "crdt/result.h"
#include "simulation/worker.h"

namespace simulation {

struct Arguments {
  std::set<std::string> named;  // "--seed"
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t nodes = Options{}.nodes;
  double minutes = 10;
  double hours = 0;
  std::string wall_clock;
  std::string faults = "default";
  std::string store = "memory";
  std::string replay;
  std::string html;
  std::string test;
  std::string plant;
  std::string against;
  std::size_t jobs = 1;
  bool twice = false;
  bool all = false;
  bool json = false;
  bool plan = false;
  bool shrink = false;
  bool marks = false;
  bool list_planted = false;
  bool planted_table = false;
  bool worker = false;

  [[nodiscard]] bool one_run() const { return seeds == 1 && wall_clock.empty(); }
};

// Why this cannot be done, and what to do instead.
[[nodiscard]] std::optional<std::string> why_not(const Arguments& arguments);

[[nodiscard]] crdt::Result<WorkerRequest> request_of(const Arguments& arguments);

// What a person types to see this run again.
[[nodiscard]] std::string replay_line(const Arguments& arguments, std::uint64_t seed);

}  // namespace simulation

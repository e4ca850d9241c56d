// Campaign: many runs on several processes, each perhaps twice.
//
// Shape    a lane is a worker, or two that run the same plan one after the other and must agree on
//          every step. Seeds go to whichever lane is free; the results are told in the order of
//          their ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "simulation/run.h"
#include "simulation/worker.h"

namespace simulation {

struct CampaignOptions {
  std::string program;  // This one: lanes are children of it.
  WorkerRequest first;  // Its seed is the first; the others follow.
  std::uint64_t seeds = 1;
  std::optional<std::chrono::seconds> wall_clock;  // Instead of a count of seeds.
  std::size_t jobs = 1;
  bool twice = false;
  std::string second;  // With `twice`: another build of the same program, for the second run.
  bool go_on = false;  // After a failure.
  std::function<bool()> stopped;  // Asked now and then, if there: ends it with what there is.
};

struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;  // Of these: the run could not be made, which ends a campaign.
  std::uint64_t faults = 0;
  std::uint64_t commands = 0;
  Duration node_time{};  // Virtual time, for each node.
  Duration cpu{};
  Coverage coverage;
};

// Called after each seed, a failed CHECK or a difference between two runs included.
using OnReport = std::function<void(const Report& report, const Totals& totals)>;

[[nodiscard]] Totals run_campaign(const CampaignOptions& options, const OnReport& on_report);

// One run in a child, with a death of the child as its failure.
class WorkerProcess;
[[nodiscard]] Report run_in(WorkerProcess& worker, const WorkerRequest& request);

}  // namespace simulation

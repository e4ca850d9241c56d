// FaultPlan: what is done to the peers of a run, and when, drawn from a seed beforehand.
//
// Shape    faults of links overlap with those of peers; two faults never hold the same link, or the
//          same peer's process, disk or clock, at once. A kind that the machine cannot do is left
//          out, and nothing else changes by that.
// Units    time since the run began.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/cluster/fault_cluster.h"

namespace tests {

struct Fault {
  FaultKind kind = FaultKind::kKill;
  std::chrono::milliseconds at{0};
  std::chrono::milliseconds lasts{0};
  int peer = 1;
  int other = 2;   // Of a link; of a one-way one, the side that hears nothing.
  int amount = 0;  // Milliseconds of delay, resets per mille of reads, seconds of clock.
};

struct FaultPlanOptions {
  std::uint64_t seed = 0;
  int peers = 3;
  std::chrono::milliseconds length{0};
  std::chrono::milliseconds every{0};  // Between the beginnings of two faults, on average.
  std::vector<FaultKind> kinds;
};

[[nodiscard]] std::vector<Fault> draw_faults(const FaultPlanOptions& options);

// "peer 2 killed", without the time.
[[nodiscard]] std::string words_of(const Fault& fault);

void begin(FaultCluster& cluster, const Fault& fault);
void end(FaultCluster& cluster, const Fault& fault);

}  // namespace tests

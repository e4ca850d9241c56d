// FaultRun: people at work on real peers while faults come and go, and the verdict on it.
//
// Shape    construct, run() once, ask for the story if there is one. The seed decides the faults
//          and what people type; the machine decides how they meet, so a failure's history is worth
//          more than its seed. Both are in the story.
// Thread   one, and those of People while run() runs.
#pragma once

#include <string>
#include <vector>

#include "tests/cluster/fault_cluster.h"
#include "tests/cluster/fault_plan.h"
#include "tests/cluster/history.h"

namespace tests {

class FaultRun {
 public:
  explicit FaultRun(FaultPlanOptions options) : FaultRun(options, draw_faults(options)) {}
  FaultRun(FaultPlanOptions options, std::vector<Fault> faults);

  // A sentence for each broken promise (tests/cluster/history.h), and for whatever kept the run
  // from being judged.
  [[nodiscard]] std::vector<std::string> run();

  // Everything that somebody needs who looks into what run() returned. Keeps all files.
  [[nodiscard]] std::string story(const std::vector<std::string>& complaints);

 private:
  void strike();
  [[nodiscard]] std::string collect(const std::vector<std::string>& rooms);
  void print_figures() const;

  FaultPlanOptions options_;
  FaultCluster cluster_;
  History history_;
  std::vector<Fault> faults_;
  FinalLists at_the_end_;
};

// MUSTER_CLUSTER_SEED, or one that no run had.
[[nodiscard]] std::uint64_t cluster_seed();

// MUSTER_CLUSTER_SECONDS, or `otherwise`.
[[nodiscard]] std::chrono::seconds cluster_length(std::chrono::seconds otherwise);

}  // namespace tests

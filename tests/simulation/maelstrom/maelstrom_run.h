// MaelstromRun: one whole test as `maelstrom test` makes it, in virtual time.
//
// Shape    every node is initialised; requests go to nodes at random, one at a time for each node,
//          at `rate`, while the nemesis parts the nodes and heals them in turn; then everything
//          heals, ten seconds pass, and every node is read once more.
// Source   maelstrom.core/maelstrom-test and the workloads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/maelstrom/history.h"
#include "tests/simulation/maelstrom/virtual_cluster.h"

namespace tests::maelstrom {

struct RunOptions {
  std::string workload = "broadcast";  // As Maelstrom calls it.
  std::size_t nodes = 5;
  std::uint64_t rate = 10;  // Requests a second.
  Duration time_limit = std::chrono::seconds(20);
  Latency latency;
  std::optional<Duration> partition_interval;  // Mean time between splits and heals; none without.
  bool heals = true;                           // Without, one split follows another: a canary.
  std::optional<std::size_t> kill;             // This node dies half-way, for good.
  std::uint64_t seed = 1;
};

struct RunResult {
  History history;
  std::uint64_t messages = 0;              // Between nodes, from the start to the end.
  std::vector<std::uint64_t> by_node;      // The same, by who sent them.
  std::vector<std::string> notices;        // With the time and the node.
  std::optional<Duration> initialised_in;  // Nothing if a node was not in time.

  [[nodiscard]] double messages_per_operation() const {
    return static_cast<double>(messages) / static_cast<double>(history.size());
  }
};

[[nodiscard]] RunResult run(const RunOptions& options);

}  // namespace tests::maelstrom

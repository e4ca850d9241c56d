// DemoCluster's waiting: when the peers of a demo have come to rest.
#include "node/cli/demo_cluster.h"
#include "node/clock.h"

namespace node::cli {
namespace {

// Asking costs a peer some microseconds, and people wait for the answer.
constexpr std::chrono::milliseconds kAskEvery{3};

std::string name_of(int peer) { return "peer " + std::to_string(peer); }

}  // namespace

std::vector<std::vector<int>> DemoCluster::groups() {
  std::vector<std::vector<int>> groups;
  std::set<int> left;
  for (int peer = 1; peer <= size(); ++peer) {
    if (running(peer)) left.insert(peer);
  }
  while (!left.empty()) {
    std::vector<int> group = {*left.begin()};
    left.erase(left.begin());
    for (std::size_t i = 0; i < group.size(); ++i) {  // Grows while it is walked.
      std::erase_if(left, [&](int other) {
        if (is_cut(group[i], other)) return false;
        group.push_back(other);
        return true;
      });
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// What is still in the way, as an Error.
crdt::Result<void> DemoCluster::settled_now() {
  for (const std::vector<int>& group : groups()) {
    std::string first_hash;
    for (const int peer : group) {
      const auto seen = status(peer);
      if (!seen) return seen.error();
      for (const LinkStatus& link : seen->peers) {
        for (int other = 1; other <= size(); ++other) {
          if (at(other).name != link.name) continue;
          const bool should = running(other) && !is_cut(peer, other);
          if (should == (link.state == "linked")) continue;
          return crdt::Error(name_of(peer) + " sees its link to " + name_of(other) + " as " +
                             link.state);
        }
      }
      if (first_hash.empty()) first_hash = seen->state_hash;
      if (first_hash != seen->state_hash) {
        return crdt::Error(name_of(group[0]) + " and " + name_of(peer) + " differ");
      }
    }
  }
  return {};
}

crdt::Result<void> DemoCluster::settle(const Pause& pause, std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  for (;;) {
    auto settled = settled_now();
    if (settled) return {};
    if (read_clock().steady >= deadline) {
      return crdt::Error("the peers did not come to rest within " +
                         std::to_string(patience.count() / 1000) +
                         " s: " + settled.error().message);
    }
    if (!pause(kAskEvery)) return crdt::Error("interrupted");
  }
}

}  // namespace node::cli

// VirtualCluster: MaelstromNodes and Maelstrom's network between them, in virtual time.
//
// Shape    a message of a node is delivered after a latency drawn for it alone, so one may overtake
//          another; a partition drops it at the receiver, when it arrives. Clients are as close as
//          if they ran on the node.
// Laws     equal seeds, equal runs.
// Source   maelstrom.net.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/memory_store.h"
#include "simulation/dice.h"
#include "simulation/maelstrom/maelstrom_node.h"
#include "simulation/scheduler.h"
#include "tests/simulation/maelstrom/grudges.h"

namespace tests::maelstrom {

using simulation::Duration;
using simulation::Time;
using simulation::maelstrom::Json;

enum class Distribution { kConstant, kUniform, kExponential };

struct Latency {
  Duration mean{};
  Distribution distribution = Distribution::kConstant;
};

class VirtualCluster {
 public:
  // nullopt: no answer came in time.
  using OnAnswer = std::function<void(const std::optional<Json>& body)>;

  static constexpr Duration kClientTimeout = std::chrono::seconds(5);

  VirtualCluster(std::size_t nodes, const std::string& workload, Latency latency,
                 std::uint64_t seed);

  // A client's request to `node`, answered or timed out.
  void ask(std::size_t node, Json body, OnAnswer on_answer, Duration timeout = kClientTimeout);

  void partition(Grudge grudge) { grudge_ = std::move(grudge); }
  void heal() { grudge_.assign(nodes_.size(), {}); }
  void kill(std::size_t node) { nodes_[node]->process.reset(); }
  [[nodiscard]] bool runs(std::size_t node) const { return nodes_[node]->process != nullptr; }

  // Everything that happens until then.
  void run_until(Time time);

  [[nodiscard]] simulation::Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] Time now() const { return scheduler_.now(); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] std::string name(std::size_t node) const { return "n" + std::to_string(node); }

  // Between nodes, dropped or not.
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t messages_from(std::size_t node) const { return nodes_[node]->sent; }
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }

 private:
  struct Node {
    node::MemoryStore store;
    std::unique_ptr<simulation::maelstrom::MaelstromNode> process;
    std::optional<Time> wakes_at;
    std::uint64_t sent = 0;
  };

  void step(std::size_t node, const std::vector<std::string>& lines);
  void plan_wake(std::size_t node);
  void carry(std::size_t from, const std::string& line);
  void deliver(std::size_t from, std::size_t to, const std::string& line);
  Duration draw_latency();

  simulation::Scheduler scheduler_;
  simulation::Dice dice_;
  Latency latency_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Grudge grudge_;
  std::map<std::uint64_t, OnAnswer> asked_;  // By msg_id.
  std::uint64_t next_message_ = 1;
  std::uint64_t messages_ = 0;
  std::vector<std::string> notices_;
};

}  // namespace tests::maelstrom

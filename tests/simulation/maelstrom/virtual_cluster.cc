#include "tests/simulation/maelstrom/virtual_cluster.h"

#include <utility>

#include "crdt/check.h"

namespace tests::maelstrom {
namespace {

using simulation::maelstrom::MaelstromNode;

constexpr const char* kClient = "c1";

crdt::Instant instant(Time time) { return crdt::Instant(std::chrono::seconds(1'000) + time); }

Time time_of(crdt::Instant at) { return at.time_since_epoch() - std::chrono::seconds(1'000); }

}  // namespace

VirtualCluster::VirtualCluster(std::size_t nodes, const std::string& workload, Latency latency,
                               std::uint64_t seed)
    : dice_(seed, "network"), latency_(latency) {
  for (std::size_t i = 0; i < nodes; ++i) {
    nodes_.push_back(std::make_unique<Node>());
    const crdt::Rng::Seed own = simulation::Dice(seed, "node", i).seed();
    nodes_.back()->process = std::make_unique<MaelstromNode>(nodes_.back()->store, own, workload);
  }
  heal();
}

void VirtualCluster::ask(std::size_t node, Json body, OnAnswer on_answer, Duration timeout) {
  const std::uint64_t id = next_message_++;
  body["msg_id"] = id;
  asked_.emplace(id, std::move(on_answer));
  scheduler_.after(timeout, [this, id] {
    const auto asked = asked_.extract(id);
    if (!asked.empty()) asked.mapped()(std::nullopt);
  });
  const Json line = {{"src", kClient}, {"dest", name(node)}, {"body", std::move(body)}};
  step(node, {line.dump()});
}

void VirtualCluster::step(std::size_t node, const std::vector<std::string>& lines) {
  MaelstromNode* process = nodes_[node]->process.get();
  if (process == nullptr) return;
  const std::vector<std::string> out = process->step(instant(now()), lines);
  for (const std::string& notice : process->take_notices()) {
    notices_.push_back(simulation::to_text(now()) + " " + name(node) + ": " + notice);
  }
  plan_wake(node);
  for (const std::string& line : out) carry(node, line);
}

void VirtualCluster::plan_wake(std::size_t node) {
  const auto at = nodes_[node]->process->wake_at();
  if (!at) return;
  const Time time = std::max(time_of(*at), now());
  std::optional<Time>& planned = nodes_[node]->wakes_at;
  if (planned && *planned <= time) return;
  planned = time;
  scheduler_.at(time, [this, node, time] {
    if (nodes_[node]->wakes_at != time) return;  // An earlier one took its place.
    nodes_[node]->wakes_at.reset();
    step(node, {});
  });
}

void VirtualCluster::carry(std::size_t from, const std::string& line) {
  const Json message = Json::parse(line);
  CHECK(message.at("src") == name(from) && line.find('\n') == std::string::npos);
  const std::string dest = message.at("dest");
  if (dest == kClient) {
    const auto asked = asked_.extract(message.at("body").at("in_reply_to").get<std::uint64_t>());
    if (!asked.empty()) asked.mapped()(message.at("body"));
    return;
  }
  ++messages_;
  ++nodes_[from]->sent;
  const std::size_t to = std::stoul(dest.substr(1));
  CHECK(dest == name(to) && to < size());
  scheduler_.after(draw_latency(), [this, from, to, line] { deliver(from, to, line); });
}

void VirtualCluster::deliver(std::size_t from, std::size_t to, const std::string& line) {
  if (!grudge_[to].contains(from)) step(to, {line});
}

Duration VirtualCluster::draw_latency() {
  switch (latency_.distribution) {
    case Distribution::kConstant:
      return latency_.mean;
    case Distribution::kUniform:
      return dice_.between(Duration{0}, 2 * latency_.mean);
    case Distribution::kExponential:
      return dice_.exponential(latency_.mean);
  }
  return {};
}

void VirtualCluster::run_until(Time time) {
  while (scheduler_.step(time)) {
  }
}

}  // namespace tests::maelstrom

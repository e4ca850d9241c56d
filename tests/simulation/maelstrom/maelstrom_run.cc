#include "tests/simulation/maelstrom/maelstrom_run.h"

#include <algorithm>
#include <utility>

namespace tests::maelstrom {
namespace {

using namespace std::chrono_literals;
using simulation::Dice;

constexpr Duration kStartMax = 50ms;  // Processes do not start at once.
constexpr Duration kInitTimeout = 10s;
constexpr Duration kRecovery = 10s;
constexpr int kDefiniteFrom = 1;  // Of Maelstrom's error codes; 13 is not, nor are those of 1000.

bool is_definite(int code) { return code >= kDefiniteFrom && code != 13 && code < 1'000; }

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        cluster_(options.nodes, options.workload, options.latency, options.seed),
        requests_(options.seed, "requests"),
        nemesis_(options.seed, "nemesis"),
        busy_(options.nodes, false) {}

  RunResult make();

 private:
  void initialise();
  void plan_request();
  void plan_nemesis(bool split);
  void request(std::size_t node, bool last);
  Json draw_request(Operation& operation, bool last);
  void complete(std::size_t at, const std::optional<Json>& body);

  RunOptions options_;
  VirtualCluster cluster_;
  Dice requests_;
  Dice nemesis_;
  std::vector<bool> busy_;
  Time until_{};
  std::uint64_t index_ = 0;
  std::int64_t next_element_ = 0;
  RunResult result_;
};

void Run::initialise() {
  Json names = Json::array();
  for (std::size_t i = 0; i < cluster_.size(); ++i) names.push_back(cluster_.name(i));
  std::size_t ready = 0;
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    const Json init = {{"type", "init"}, {"node_id", cluster_.name(i)}, {"node_ids", names}};
    const auto on_answer = [this, &ready](const std::optional<Json>& body) {
      if (body && body->at("type") == "init_ok" && ++ready == cluster_.size()) {
        result_.initialised_in = cluster_.now();
      }
    };
    cluster_.scheduler().at(requests_.between(Duration{0}, kStartMax), [this, i, init, on_answer] {
      cluster_.ask(i, init, on_answer, kInitTimeout);
    });
  }
  while (!result_.initialised_in && cluster_.scheduler().step(kStartMax + kInitTimeout)) {
  }
  if (options_.workload != "broadcast") return;
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    cluster_.ask(i, {{"type", "topology"}, {"topology", Json::object()}}, [](const auto&) {});
  }
}

// Jepsen's stagger: the mean is as asked for, any wait up to twice that is as likely.
void Run::plan_request() {
  const Duration mean = Duration(1s) / options_.rate;
  const Time at = cluster_.now() + requests_.between(Duration{0}, 2 * mean);
  if (at >= until_) return;
  cluster_.scheduler().at(at, [this] {
    std::vector<std::size_t> idle;
    for (std::size_t i = 0; i < busy_.size(); ++i) {
      if (!busy_[i]) idle.push_back(i);
    }
    if (!idle.empty()) request(requests_.pick(idle), false);
    plan_request();
  });
}

void Run::plan_nemesis(bool split) {
  const Time at = cluster_.now() + nemesis_.between(Duration{0}, 2 * *options_.partition_interval);
  if (at >= until_) return;
  cluster_.scheduler().at(at, [this, split] {
    static const std::vector<Shape> kShapes = {Shape::kOne, Shape::kMajority,
                                               Shape::kMajoritiesRing, Shape::kMinorityThird};
    if (split || !options_.heals) {
      const Shape shape = nemesis_.pick(kShapes);
      cluster_.partition(draw_grudge(shape, cluster_.size(), nemesis_));
    } else {
      cluster_.heal();
    }
    plan_nemesis(!split);
  });
}

Json Run::draw_request(Operation& operation, bool last) {
  const std::string& workload = options_.workload;
  if (workload == "unique-ids" || workload == "echo") {
    operation.f = workload == "echo" ? "echo" : "generate";
    return {{"type", operation.f}, {"echo", "Please echo " + std::to_string(index_)}};
  }
  if (workload == "lin-kv") {
    operation.f = last || requests_.chance(1, 2) ? "read" : "write";
    return {{"type", operation.f}, {"key", 0}, {"value", 1}};
  }
  if (last || requests_.chance(1, 2)) {
    operation.f = "read";
    return {{"type", "read"}};
  }
  operation.f = workload == "broadcast" ? "broadcast" : "add";
  if (workload == "broadcast" || workload == "g-set") {
    operation.value = next_element_++;
    const char* field = workload == "broadcast" ? "message" : "element";
    return {{"type", operation.f}, {field, operation.value}};
  }
  operation.value = static_cast<std::int64_t>(requests_.below(10));
  if (workload == "pn-counter") operation.value -= 5;
  return {{"type", operation.f}, {"delta", operation.value}};
}

void Run::request(std::size_t node, bool last) {
  Operation operation;
  const Json body = draw_request(operation, last);
  operation.node = node;
  operation.last = last;
  operation.invoked = index_++;
  operation.invoked_at = cluster_.now();
  const std::size_t at = result_.history.size();
  result_.history.push_back(std::move(operation));
  busy_[node] = true;
  cluster_.ask(node, body, [this, at](const std::optional<Json>& answer) { complete(at, answer); });
}

void Run::complete(std::size_t at, const std::optional<Json>& body) {
  Operation& operation = result_.history[at];
  busy_[operation.node] = false;
  operation.completed = index_++;
  operation.completed_at = cluster_.now();
  const bool reads = operation.f == "read";
  if (!body || body->at("type") == "error") {
    const bool definite = body && is_definite(body->at("code").get<int>());
    operation.outcome = definite || reads ? Outcome::kFail : Outcome::kInfo;
    return;
  }
  if (body->at("type") != operation.f + "_ok") return;
  operation.outcome = Outcome::kOk;
  if (operation.f == "generate") operation.id = body->at("id").get<std::string>();
  if (!reads) return;
  const Json& value = body->at(options_.workload == "broadcast" ? "messages" : "value");
  if (value.is_array()) {
    operation.elements = value.get<std::vector<std::int64_t>>();
  } else {
    operation.value = value.get<std::int64_t>();
  }
}

RunResult Run::make() {
  initialise();
  until_ = cluster_.now() + options_.time_limit;
  plan_request();
  if (options_.partition_interval) plan_nemesis(true);
  if (options_.kill) {
    cluster_.scheduler().after(options_.time_limit / 2, [this] { cluster_.kill(*options_.kill); });
  }
  cluster_.run_until(until_);
  const bool ends_with_reads = options_.workload != "unique-ids" && options_.workload != "echo";
  if (ends_with_reads) {
    if (options_.heals) cluster_.heal();
    cluster_.run_until(until_ + kRecovery);
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
      if (cluster_.runs(i)) request(i, true);
    }
  }
  const Time latest = cluster_.now() + VirtualCluster::kClientTimeout;
  while (std::find(busy_.begin(), busy_.end(), true) != busy_.end() &&
         cluster_.scheduler().step(latest)) {
  }
  result_.messages = cluster_.messages();
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    result_.by_node.push_back(cluster_.messages_from(i));
  }
  result_.notices = cluster_.notices();
  return std::move(result_);
}

}  // namespace

RunResult run(const RunOptions& options) { return Run(options).make(); }

}  // namespace tests::maelstrom

#include "node/cli/bench_repair.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "node/cli/bench_cluster.h"
#include "node/cli/bench_latency.h"
#include "node/cli/bench_load.h"
#include "node/cli/bench_store.h"
#include "node/cli/bench_system.h"
#include "node/cli/node_files.h"
#include "node/cli/slack_request.h"
#include "node/clock.h"
#include "slack/request.h"

namespace node::cli {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t kRestarts = 3;
constexpr std::uint64_t kDiffering = 100;
constexpr std::uint64_t kComparisons = 4;
constexpr double kLiveRate = 200;  // Commands a second: a busy hour of a large workspace.
constexpr std::uint64_t kLiveChannels = 1'000;
constexpr std::size_t kLiveConnections = 8;
constexpr std::chrono::seconds kLiveAlone{5};
constexpr std::chrono::minutes kEqualWithin{3};
constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::seconds kRest{6};  // Offers are made, and cursors stored, by then.

// Slash commands at a fixed rate, from a thread of their own, until told to end.
class LiveTraffic {
 public:
  static crdt::Result<std::unique_ptr<LiveTraffic>> start(const BenchCluster& cluster) {
    auto generator = LoadGenerator::connect("127.0.0.1", cluster.slack_port(1), kLiveConnections);
    if (!generator) return generator.error();
    const SignedRequests::Destination to{"127.0.0.1:" + std::to_string(cluster.slack_port(1)),
                                         std::string(slack::kCommandsPath),
                                         cluster.signing_secret()};
    return std::unique_ptr<LiveTraffic>(new LiveTraffic(std::move(*generator), to));
  }
  ~LiveTraffic() { static_cast<void>(end()); }

  // What was measured since the start; an Error where a request failed.
  crdt::Result<LatencySummary> end() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
    if (!error_.empty()) return crdt::Error("live traffic: " + error_);
    return latencies_.summary();
  }

 private:
  LiveTraffic(std::unique_ptr<LoadGenerator> generator, const SignedRequests::Destination& to)
      : generator_(std::move(generator)), thread_([this, to] { run(to); }) {}

  void run(const SignedRequests::Destination& to) {
    // Of a team's channels that nobody else writes to.
    const Workload workload({Workload::Kind::kAdds, kLiveChannels, kFilledTasks, "/ir"});
    LoadGenerator::Plan plan;
    plan.rate = kLiveRate;
    plan.duration = std::chrono::milliseconds(500);
    const auto count = static_cast<std::uint64_t>(kLiveRate);  // Twice what that takes.
    for (std::uint64_t from = 0; !ends_; from += count) {
      const auto requests = SignedRequests::sign(to, workload, {from, count, kLiveRate});
      const LoadResult result = generator_->run(requests, plan);
      latencies_.add(result.latencies);
      if (result.errors > 0 && error_.empty()) error_ = result.first_error;
    }
  }

  std::unique_ptr<LoadGenerator> generator_;
  Latencies latencies_;
  std::string error_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;  // Last: it uses all of them.
};

class Repair {
 public:
  Repair(const BenchRepairOptions& options, BenchProgress& progress)
      : options_(options), progress_(progress) {}

  crdt::Result<RepairFigures> measure() {
    figures_.channels = options_.channels;
    for (const auto part : {&Repair::compare_empty, &Repair::fill, &Repair::restart,
                            &Repair::fill_peer, &Repair::compare}) {
      if (const auto done = (this->*part)(); !done) return done.error();
    }
    return figures_;
  }

 private:
  crdt::Result<void> compare_empty();
  crdt::Result<void> fill();
  crdt::Result<void> restart();
  crdt::Result<void> fill_peer();
  crdt::Result<void> compare();

  crdt::Result<void> begin(const char* folder);
  crdt::Result<double> first_answer();
  crdt::Result<double> octets_until_equal();
  void kill_both();
  BenchStore store_of(int peer) const {
    return {cluster_->store_of(peer), BenchCluster::kCluster, cluster_->name_of(peer)};
  }

  const BenchRepairOptions& options_;
  BenchProgress& progress_;
  std::unique_ptr<BenchCluster> cluster_;
  RepairFigures figures_;
};

crdt::Result<void> Repair::begin(const char* folder) {
  auto cluster = BenchCluster::create(options_.folder / folder, options_.binary, 2);
  if (!cluster) return cluster.error();
  cluster_ = std::move(*cluster);
  return {};
}

void Repair::kill_both() {
  cluster_->kill(1);
  cluster_->kill(2);
}

// What both send from their start until they hold the same and know it.
crdt::Result<double> Repair::octets_until_equal() {
  kill_both();
  if (const auto started = cluster_->start_all(); !started) return started.error();
  if (const auto linked = cluster_->await_links(kEqualWithin); !linked) return linked.error();
  if (const auto equal = cluster_->await_equal(2, 1, kEqualWithin); !equal) return equal.error();
  double sum = 0;
  for (int peer = 1; peer <= 2; ++peer) {
    const auto status = cluster_->status(peer);
    if (!status) return status.error();
    sum += status->at("system").at("link_bytes_sent").get<double>();
  }
  return sum;
}

crdt::Result<void> Repair::compare_empty() {
  progress_.part("two empty peers");
  if (const auto begun = begin("empty"); !begun) return begun;
  // The first time each tells the other how it stands; the second is what every start costs.
  if (const auto first = octets_until_equal(); !first) return first.error();
  const auto octets = octets_until_equal();
  if (!octets) return octets.error();
  figures_.empty_octets = *octets;
  kill_both();
  return {};
}

crdt::Result<void> Repair::fill() {
  progress_.part("making a store, channels");
  if (const auto begun = begin("full"); !begun) return begun;
  if (const auto made = make_dir(cluster_->store_of(1)); !made) return made;
  const auto show = [this](std::uint64_t done) { progress_.show(done, options_.channels); };
  if (const auto filled = fill_store(store_of(1), options_.channels, show); !filled) return filled;
  std::error_code unknown;
  const auto size = std::filesystem::file_size(cluster_->store_of(1) / "data.mdb", unknown);
  figures_.store_mib = unknown ? 0 : static_cast<double>(size) / (1 << 20);
  return cluster_->start(1);
}

// Seconds from the start of the process until a command is answered.
crdt::Result<double> Repair::first_answer() {
  const crdt::Instant began = read_clock().steady;
  if (const auto started = cluster_->start(1); !started) return started.error();
  SlashCommand command;
  command.channel_id = "C000000001";
  command.trigger_id = fresh_trigger_id();
  command.text = "add after the crash";
  HttpClient client("127.0.0.1", cluster_->slack_port(1), BenchCluster::kAnswerWithin);
  const auto answer = client.call(signed_call(command, cluster_->signing_secret()));
  const Seconds took = read_clock().steady - began;
  if (!answer) return answer.error();
  if (answer->status != 200) return crdt::Error("the restarted peer refuses: " + answer->body);
  return took.count();
}

crdt::Result<void> Repair::restart() {
  progress_.part("kill -9 of a peer that holds it");
  std::vector<double> times;
  for (std::uint64_t i = 0; i < kRestarts; ++i) {
    cluster_->kill(1);
    const auto took = first_answer();
    if (!took) return took.error();
    times.push_back(*took);
  }
  figures_.restart_s = median(times);
  return {};
}

crdt::Result<void> Repair::fill_peer() {
  progress_.part("filling an empty peer, documents");
  auto alone = LiveTraffic::start(*cluster_);
  if (!alone) return alone.error();
  std::this_thread::sleep_for(kLiveAlone);
  const auto before = (*alone)->end();
  if (!before) return before.error();
  auto live = LiveTraffic::start(*cluster_);
  if (!live) return live.error();
  const crdt::Instant began = read_clock().steady;
  if (const auto started = cluster_->start(2); !started) return started;
  for (bool filled = false; !filled;) {
    std::this_thread::sleep_for(kLookEvery);
    const auto status = cluster_->status(2);
    if (!status) return status.error();
    const auto documents = status->at("documents").get<std::uint64_t>();
    progress_.show(documents, options_.channels);
    filled = documents >= options_.channels &&
             status->at("peers").at(0).at("our_cursor").get<std::uint64_t>() > 0;
    if (read_clock().steady - began > kEqualWithin) return crdt::Error("the new peer stays empty");
  }
  figures_.fill_s = Seconds(read_clock().steady - began).count();
  const auto during = (*live)->end();
  if (!during) return during.error();
  figures_.live_p99_alone_ms = before->p99_ms;
  figures_.live_p99_during_ms = during->p99_ms;
  figures_.rss_anon_mib = rss_anon_mib(cluster_->pid_of(1)).value_or(0);
  figures_.rss_anon_filled_mib = rss_anon_mib(cluster_->pid_of(2)).value_or(0);
  return {};
}

crdt::Result<void> Repair::compare() {
  progress_.part("comparing");
  if (const auto linked = cluster_->await_links(kEqualWithin); !linked) return linked;
  std::uint64_t comparisons = 0;
  const auto compare = [&](bool cursors, std::uint64_t round, bool differ, double& octets,
                           double* payload) -> crdt::Result<void> {
    std::this_thread::sleep_for(kRest);
    progress_.show(++comparisons, kComparisons);
    kill_both();
    for (int peer = 1; peer <= 2 && !cursors; ++peer) {
      if (const auto erased = erase_cursors(store_of(peer)); !erased) return erased;
    }
    if (differ) {
      const auto changed = change_store(store_of(1), options_.channels,
                                        std::min(kDiffering, options_.channels), round);
      if (!changed) return changed.error();
      if (payload != nullptr) *payload = static_cast<double>(*changed);
    }
    const auto sent = octets_until_equal();
    if (!sent) return sent.error();
    octets = *sent;
    return {};
  };
  double& payload = figures_.differing_octets;
  if (const auto done = compare(true, 0, false, figures_.cursor_same_octets, nullptr); !done) {
    return done;
  }
  if (const auto done = compare(true, 0, true, figures_.cursor_differ_octets, &payload); !done) {
    return done;
  }
  if (const auto done = compare(false, 0, false, figures_.bare_same_octets, nullptr); !done) {
    return done;
  }
  const auto done = compare(false, 1, true, figures_.bare_differ_octets, nullptr);
  kill_both();
  return done;
}

}  // namespace

crdt::Result<RepairFigures> bench_repair(const BenchRepairOptions& options,
                                         BenchProgress& progress) {
  return Repair(options, progress).measure();
}

}  // namespace node::cli

#include "node/cli/bench_replication.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "gossip/peer.h"
#include "node/cli/bench_cluster.h"
#include "node/cli/bench_latency.h"
#include "node/cli/bench_progress.h"
#include "node/cli/bench_repair.h"
#include "node/cli/bench_scratch.h"
#include "node/cli/bench_serf.h"
#include "node/cli/bench_system.h"
#include "node/cli/private_network.h"
#include "node/clock.h"

namespace node::cli {
namespace {

using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* kBinary = "/proc/self/exe";
constexpr std::chrono::milliseconds kAnchorTime{1000};
constexpr std::chrono::seconds kLinkedWithin{60};
constexpr std::chrono::seconds kSeenWithin{30};
constexpr std::uint64_t kWarmUpWrites = 5;
constexpr std::size_t kWriteOctets = 200;  // As serf's events.
constexpr std::uint64_t kSerfEvents = 20;  // A second apart.
constexpr std::chrono::milliseconds kBetweenWrites{100};
constexpr std::uint64_t kCopiesWrites = 20;
constexpr std::size_t kCopiesOctets = 8'192;  // Beside it, what goes with a write is little.
constexpr std::chrono::milliseconds kQuietAfterWrites{1'000};  // Later offers are over.
constexpr std::chrono::milliseconds kLookEvery{20};            // At files; no peer notices.

class Run {
 public:
  explicit Run(const BenchReplicationOptions& options) : options_(options) {}

  crdt::Result<ReplicationFigures> measure() {
    figures_.peers = options_.peers;
    const auto folder = ScratchFolder::make(options_.dir, options_.keep);
    if (!folder) return folder.error();
    const auto synced = fdatasync_per_second((*folder)->path(), kAnchorTime);
    if (!synced) return synced.error();
    figures_.fdatasync_per_second = *synced;
    if (const auto own = enter_private_network(); !own)
      figures_.shared_network = own.error().message;
    folder_ = (*folder)->path();
    for (const auto part : {&Run::start, &Run::write, &Run::copy, &Run::idle, &Run::crash,
                            &Run::revoke, &Run::beside, &Run::repair}) {
      if (const auto done = (this->*part)(); !done) return done.error();
    }
    return figures_;
  }

 private:
  crdt::Result<void> start();
  crdt::Result<void> write();
  crdt::Result<void> copy();
  crdt::Result<void> idle();
  crdt::Result<void> crash();
  crdt::Result<void> revoke();
  crdt::Result<void> beside();
  crdt::Result<void> repair();

  crdt::Result<double> write_everywhere(std::size_t octets);
  crdt::Result<std::uint64_t> sealed_octets();
  void watch(const BenchCluster::OnLine& on_line);
  std::map<int, crdt::WallTime> await_line(std::set<int> from, const std::string& text);

  const BenchReplicationOptions& options_;
  std::filesystem::path folder_;
  std::unique_ptr<BenchCluster> cluster_;
  crdt::Instant linked_at_;
  std::uint64_t written_ = 0;
  int crashed_ = 0;
  ReplicationFigures figures_;
  BenchProgress progress_{"replication"};
};

crdt::Result<void> Run::start() {
  progress_.part("starting peers");
  auto cluster = BenchCluster::create(folder_, kBinary, static_cast<int>(options_.peers));
  if (!cluster) return cluster.error();
  cluster_ = std::move(*cluster);
  const crdt::Instant began = read_clock().steady;
  for (int peer = 1; peer <= cluster_->size(); ++peer) {
    if (const auto started = cluster_->start(peer); !started) return started;
    progress_.show(static_cast<std::uint64_t>(peer), options_.peers);
  }
  if (const auto linked = cluster_->await_links(kLinkedWithin); !linked) return linked;
  linked_at_ = read_clock().steady;
  cluster_->read_logs(
      [](int, crdt::WallTime, std::string_view) {});  // Who starts late was not there.
  figures_.start_s = Seconds(linked_at_ - began).count();
  return {};
}

// Every look at the logs passes here, so that no death goes unseen.
void Run::watch(const BenchCluster::OnLine& on_line) {
  const std::string crashed =
      crashed_ > 0 ? " " + cluster_->name_of(crashed_) + " is dead:" : std::string("\n");
  cluster_->read_logs([&](int peer, crdt::WallTime stamp, std::string_view text) {
    const bool death = text.find(" is dead:") != std::string_view::npos;
    if (death && text.find(crashed) == std::string_view::npos) ++figures_.false_deaths;
    on_line(peer, stamp, text);
  });
}

// When each of the peers `from` logged a line with `text`; who did not in time is absent.
std::map<int, crdt::WallTime> Run::await_line(std::set<int> from, const std::string& text) {
  std::map<int, crdt::WallTime> seen;
  const auto deadline = read_clock().steady + kSeenWithin;
  while (!from.empty() && read_clock().steady < deadline) {
    std::this_thread::sleep_for(kLookEvery);
    watch([&](int peer, crdt::WallTime stamp, std::string_view line) {
      if (line.find(text) == std::string_view::npos || from.erase(peer) == 0) return;
      seen[peer] = stamp;
    });
  }
  return seen;
}

// Milliseconds from the request to the answer that all have it; less than 0 where not all do.
crdt::Result<double> Run::write_everywhere(std::size_t octets) {
  std::string value = std::to_string(++written_) + " ";
  value.resize(octets, 'x');
  const crdt::Instant began = read_clock().steady;
  const auto answer =
      cluster_->admin(1).ask("PUT", "/config/bench?wait=all&timeout=10s", {{"value", value}});
  const Milliseconds took = read_clock().steady - began;
  if (!answer) return answer.error();
  return answer->at("wait").value("satisfied", false) ? took.count() : -1;
}

crdt::Result<void> Run::write() {
  progress_.part("writes");
  for (std::uint64_t i = 0; i < kWarmUpWrites; ++i) {
    if (const auto done = write_everywhere(kWriteOctets); !done) return done.error();
  }
  SpreadFigures& spread = figures_.spread;
  spread.writes = options_.writes;
  Latencies latencies;
  latencies.reserve(options_.writes);
  const auto busy = busy_time();
  const auto own = cpu_time_of(cluster_->processes());
  const crdt::Instant began = read_clock().steady;
  for (std::uint64_t i = 0; i < options_.writes; ++i) {
    std::this_thread::sleep_for(kBetweenWrites);
    progress_.show(i, options_.writes);
    const auto took = write_everywhere(kWriteOctets);
    if (!took) return took.error();
    if (*took < 0)
      ++spread.missed;
    else
      latencies.add(std::chrono::duration_cast<std::chrono::microseconds>(Milliseconds(*took)));
  }
  const Seconds seconds = read_clock().steady - began;
  spread.p50_ms = latencies.summary().p50_ms;
  spread.p90_ms = Milliseconds(latencies.percentile(0.9)).count();
  spread.max_ms = latencies.summary().max_ms;
  const auto busy_after = busy_time();
  const auto own_after = cpu_time_of(cluster_->processes());
  if (!own || !own_after) return crdt::Error("a peer ended under the writes");
  if (busy && busy_after) {
    const Seconds others = Seconds(*busy_after - *busy) - Seconds(*own_after - *own);
    figures_.other_cpu_percent = std::max(0.0, 100 * others.count() / seconds.count());
  }
  double rss = 0;
  for (const pid_t process : cluster_->processes()) rss += rss_anon_mib(process).value_or(0);
  figures_.rss_anon_mib = rss / static_cast<double>(options_.peers);
  return {};
}

// What all peers together have sent on their links.
crdt::Result<std::uint64_t> Run::sealed_octets() {
  std::uint64_t sum = 0;
  for (int peer = 1; peer <= cluster_->size(); ++peer) {
    const auto status = cluster_->status(peer);
    if (!status) return status.error();
    sum += status->at("system").at("link_bytes_sent").get<std::uint64_t>();
  }
  return sum;
}

crdt::Result<void> Run::copy() {
  progress_.part("copies");
  std::this_thread::sleep_for(kQuietAfterWrites);
  const auto before = sealed_octets();
  if (!before) return before.error();
  for (std::uint64_t i = 0; i < kCopiesWrites; ++i) {
    if (const auto done = write_everywhere(kCopiesOctets); !done) return done.error();
  }
  std::this_thread::sleep_for(kQuietAfterWrites);
  const auto after = sealed_octets();
  if (!after) return after.error();
  const double once = static_cast<double>(kCopiesWrites * kCopiesOctets * (options_.peers - 1));
  figures_.copies = {kCopiesWrites, kCopiesOctets, static_cast<double>(*after - *before) / once};
  return {};
}

crdt::Result<void> Run::idle() {
  if (options_.idle_seconds <= 0) return {};
  progress_.part("idle peers, for half a minute and the time that is measured");
  // Once each peer has told all others that it is ready.
  const auto ready_at = linked_at_ + gossip::Peer::kReadyAfter + std::chrono::seconds(5);
  std::this_thread::sleep_for(ready_at - read_clock().steady);
  const auto sealed = sealed_octets();
  if (!sealed) return sealed.error();
  std::this_thread::sleep_for(kQuietAfterWrites);
  const auto cpu = cpu_time_of(cluster_->processes());
  const auto wire = loopback_count();
  const crdt::Instant began = read_clock().steady;
  std::this_thread::sleep_for(Seconds(options_.idle_seconds));
  const Seconds seconds = read_clock().steady - began;
  const auto wire_after = loopback_count();
  const auto cpu_after = cpu_time_of(cluster_->processes());
  const auto sealed_after = sealed_octets();
  if (!cpu || !cpu_after) return crdt::Error("a peer ended while idle");
  if (!sealed_after) return sealed_after.error();
  const double nodes = static_cast<double>(options_.peers);
  const auto a_node = [&](std::uint64_t before, std::uint64_t after) {
    return static_cast<double>(after - before) / seconds.count() / nodes;
  };
  IdleFigures& idle = figures_.idle.emplace();
  idle.seconds = seconds.count();
  idle.sealed_octets_per_second = static_cast<double>(*sealed_after - *sealed) / nodes /
                                  (seconds + Seconds(kQuietAfterWrites)).count();
  if (wire && wire_after && figures_.shared_network.empty()) {
    idle.wire_octets_per_second = a_node(wire->octets, wire_after->octets);
    idle.packets_per_second = a_node(wire->packets, wire_after->packets);
  }
  idle.cpu_percent = 100 * Seconds(*cpu_after - *cpu).count() / seconds.count() / nodes;
  return {};
}

crdt::Result<void> Run::crash() {
  progress_.part("kill -9");
  watch([](int, crdt::WallTime, std::string_view) {});
  crashed_ = cluster_->size();
  std::set<int> others;
  for (int peer = 1; peer < crashed_; ++peer) others.insert(peer);
  const crdt::WallTime began = read_clock().wall;
  cluster_->kill(crashed_);
  const auto seen = await_line(others, cluster_->name_of(crashed_) + " is dead:");
  CrashFigures& crash = figures_.crash;
  crash.unseen = others.size() - seen.size();
  for (const auto& [peer, stamp] : seen) {
    const double took = std::max(0.0, Seconds(stamp - began).count());
    crash.first_s = peer == seen.begin()->first ? took : std::min(crash.first_s, took);
    crash.all_s = std::max(crash.all_s, took);
  }
  return {};
}

// The crashed peer comes back first: a removal is to reach all.
crdt::Result<void> Run::revoke() {
  progress_.part("removal");
  if (const auto back = cluster_->start(crashed_); !back) return back;
  if (const auto linked = cluster_->await_links(kLinkedWithin); !linked) return linked;
  watch([](int, crdt::WallTime, std::string_view) {});
  const int removed = std::max(2, cluster_->size() - 1);
  std::set<int> others;
  for (int peer = 1; peer <= cluster_->size(); ++peer) {
    if (peer != removed) others.insert(peer);
  }
  const auto entry = cluster_->removal_of(removed);
  const crdt::WallTime began = read_clock().wall;
  const auto taken =
      cluster_->admin(1).ask("POST", "/peers/entries", {{"entry", crdt::to_hex(entry.value)}});
  if (!taken) return taken.error();
  const auto closed = await_line(
      others, "dropped the link with " + cluster_->name_of(removed) + ": an operator removed");
  figures_.revoke.open = others.size() - closed.size();
  for (const auto& [peer, stamp] : closed) {
    figures_.revoke.all_s = std::max(figures_.revoke.all_s, Seconds(stamp - began).count());
  }
  watch([](int, crdt::WallTime, std::string_view) {});
  cluster_.reset();  // What follows has the machine for itself.
  return {};
}

crdt::Result<void> Run::beside() {
  if (!options_.beside_serf) return {};
  progress_.part("serf");
  BenchSerfOptions serf;
  serf.program = options_.serf;
  serf.folder = folder_;
  serf.nodes = options_.peers;
  serf.events = std::min(options_.writes, kSerfEvents);
  serf.idle_seconds = options_.idle_seconds;
  serf.counts_are_ours = figures_.shared_network.empty();
  figures_.serf = bench_serf(serf);
  return {};
}

crdt::Result<void> Run::repair() {
  if (options_.channels == 0) return {};
  const auto repaired = bench_repair({folder_, kBinary, options_.channels}, progress_);
  if (!repaired) return repaired.error();
  figures_.repair = *repaired;
  return {};
}

}  // namespace

crdt::Result<ReplicationFigures> bench_replication(const BenchReplicationOptions& options) {
  return Run(options).measure();
}

}  // namespace node::cli

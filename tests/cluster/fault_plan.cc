#include "tests/cluster/fault_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "crdt/check.h"
#include "tests/support/seed.h"

namespace tests {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortest{200};    // Longer than a reply waits for other peers.
constexpr milliseconds kLongest{3000};    // Longer than a client waits, and than probes of a disk.
constexpr std::uint64_t kDelayMax = 120;  // Milliseconds: to the other side of the world.
constexpr std::uint64_t kResetsMax = 60;  // Per mille of reads: a connection lasts a few frames.
constexpr std::uint64_t kStepMax = 50;    // Seconds: below the 60 at which a peer is not ready.

bool is_of_a_link(FaultKind kind) {
  return kind == FaultKind::kCut || kind == FaultKind::kOneWay || kind == FaultKind::kSlow ||
         kind == FaultKind::kLossy;
}

// What two faults may not hold at once.
std::pair<int, int> held_by(const Fault& fault) {
  if (is_of_a_link(fault.kind)) return std::minmax({fault.peer, fault.other});
  constexpr int kProcess = -1, kDisk = -2, kClock = -3;
  if (fault.kind == FaultKind::kDiskFull) return {kDisk, fault.peer};
  if (fault.kind == FaultKind::kClock) return {kClock, fault.peer};
  return {kProcess, fault.peer};
}

Fault draw_fault(crdt::Rng& rng, FaultKind kind, const FaultPlanOptions& options) {
  const auto peers = static_cast<std::uint64_t>(options.peers);
  Fault fault{.kind = kind};
  fault.peer = 1 + static_cast<int>(rng.below(peers));
  fault.other = 1 + static_cast<int>((fault.peer + rng.below(peers - 1)) % peers);
  if (kind == FaultKind::kDiskFull) fault.peer = options.peers;  // The one with a small disk.
  if (kind == FaultKind::kClock) fault.peer = 2 * (1 + static_cast<int>(rng.below(peers / 2)));
  const auto range = static_cast<std::uint64_t>((kLongest - kShortest).count());
  fault.lasts = kShortest + milliseconds(rng.below(range));
  const std::uint64_t draw = rng.next();
  if (kind == FaultKind::kSlow) fault.amount = static_cast<int>(1 + draw % kDelayMax);
  if (kind == FaultKind::kLossy) fault.amount = static_cast<int>(1 + draw % kResetsMax);
  if (kind == FaultKind::kClock) {
    fault.amount = static_cast<int>(draw % (2 * kStepMax + 1)) - static_cast<int>(kStepMax);
  }
  return fault;
}

}  // namespace

std::vector<Fault> draw_faults(const FaultPlanOptions& options) {
  CHECK(options.peers >= 2 && !options.kinds.empty() && options.every.count() > 0);
  crdt::Rng rng(seed_of(options.seed));
  std::vector<Fault> faults;
  std::map<std::pair<int, int>, milliseconds> held_until;
  const auto gap = static_cast<std::uint64_t>(2 * options.every.count());
  for (milliseconds at(rng.below(gap)); at < options.length; at += milliseconds(rng.below(gap))) {
    const FaultKind kind = options.kinds[rng.below(options.kinds.size())];
    Fault fault = draw_fault(rng, kind, options);
    fault.at = at;
    milliseconds& until = held_until[held_by(fault)];
    if (at < until || !lacks(kind).empty()) continue;
    until = at + fault.lasts;
    faults.push_back(fault);
  }
  return faults;
}

std::string words_of(const Fault& fault) {
  const std::string peer = "peer " + std::to_string(fault.peer);
  const std::string other = std::to_string(fault.other);
  const std::string amount = std::to_string(fault.amount);
  const std::string for_ms = " for " + std::to_string(fault.lasts.count()) + " ms";
  switch (fault.kind) {
    case FaultKind::kCut:
      return "peers " + std::to_string(fault.peer) + " and " + other + " cut" + for_ms;
    case FaultKind::kOneWay:
      return "nothing from " + peer + " reaches " + other + for_ms;
    case FaultKind::kSlow:
      return peer + " to " + other + " slow by " + amount + " ms and as much jitter" + for_ms;
    case FaultKind::kLossy:
      return peer + " to " + other + " resets " + amount + " of 1000 reads" + for_ms;
    case FaultKind::kKill:
      return peer + " killed" + for_ms;
    case FaultKind::kStop:
      return peer + " stopped" + for_ms;
    case FaultKind::kDiskFull:
      return peer + "'s disk full" + for_ms;
    case FaultKind::kIoError:
      return peer + "'s syncs fail" + for_ms;
    case FaultKind::kClock:
      return peer + "'s clock ahead by " + amount + " s" + for_ms;
  }
  CHECK(false);
}

void begin(FaultCluster& cluster, const Fault& fault) {
  const milliseconds delay(fault.amount);
  switch (fault.kind) {
    case FaultKind::kCut:
      return cluster.cut(fault.peer, fault.other);
    case FaultKind::kOneWay:
      return cluster.set_passage(fault.peer, fault.other, {.held = true});
    case FaultKind::kSlow:
      return cluster.set_passage(fault.peer, fault.other, {.delay = delay, .jitter = delay});
    case FaultKind::kLossy:
      return cluster.set_passage(fault.peer, fault.other, {.resets_per_mille = fault.amount});
    case FaultKind::kKill:
      return cluster.kill(fault.peer);
    case FaultKind::kStop:
      return cluster.stop(fault.peer);
    case FaultKind::kDiskFull:
      return cluster.fill_disk(fault.peer);
    case FaultKind::kIoError:
      return cluster.break_syncs(fault.peer);
    case FaultKind::kClock:
      return cluster.step_clock(fault.peer, std::chrono::seconds(fault.amount));
  }
}

void end(FaultCluster& cluster, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kCut:
      return cluster.join(fault.peer, fault.other);
    case FaultKind::kOneWay:
    case FaultKind::kSlow:
    case FaultKind::kLossy:
      return cluster.set_passage(fault.peer, fault.other, {});
    case FaultKind::kKill:
      return cluster.start(fault.peer);
    case FaultKind::kStop:
      return cluster.go_on(fault.peer);
    case FaultKind::kDiskFull:
      return cluster.free_disk(fault.peer);
    case FaultKind::kIoError:
      cluster.mend_syncs(fault.peer);
      return cluster.start(fault.peer);  // It may have given up, as it may.
    case FaultKind::kClock:
      return cluster.step_clock(fault.peer, std::chrono::seconds(0));
  }
}

}  // namespace tests

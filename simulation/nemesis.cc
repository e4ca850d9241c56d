#include "simulation/nemesis.h"

#include <algorithm>

#include "crdt/check.h"

namespace simulation {
namespace {

constexpr std::uint64_t kPercent = 100;
constexpr std::uint64_t kOperationsMax = 400;  // Of a batch or two: where a crash may strike.
constexpr Duration kDownMin = 100ms;
constexpr Duration kSlowCommit = 300ms;  // Its mean: one in thirty takes a second.
constexpr Duration kFlapPeriod = 1'500ms;
constexpr Duration kTenYears = std::chrono::hours(24 * 3653);
constexpr std::size_t kReplaysMax = 5;
// In microseconds: what breaks for ever does so while others still catch up from it.
constexpr std::uint64_t kBreaksWithin = 4'000'000;

}  // namespace

void Nemesis::schedule(const std::vector<Fault>& faults) {
  snapshots_.resize(cluster_.size());
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::kBroken) {
      forever_.push_back(fault);
    } else {
      scheduler_.at(fault.at, [this, fault] {
        if (healed_ == 0) begin(fault);
      });
    }
    if (fault.kind != FaultKind::kRollback && fault.kind != FaultKind::kPutBack) continue;
    // Its copy is as old as the fault is long: taken that much before.
    scheduler_.at(std::max(Time{}, fault.at - fault.lasts), [this, fault] {
      for (const NodeIndex node : fault.nodes) {
        snapshots_[node] = {cluster_.disk(node).contents(), cluster_.life(node)};
      }
    });
  }
}

void Nemesis::later(Duration delay, std::function<void()> action) {
  scheduler_.after(delay, [this, healed = healed_, action = std::move(action)] {
    if (healed_ == healed) action();
  });
}

void Nemesis::begin(const Fault& fault) {
  ++injected_;
  busy_until_ = std::max(busy_until_, fault.at + 2 * fault.lasts);  // Some cut again at half.
  if (fault.kind <= FaultKind::kSwizzle) return begin_cut(fault);
  if (fault.kind <= FaultKind::kReplay) return begin_link_fault(fault);
  for (const NodeIndex node : fault.nodes) {
    if (fault.kind <= FaultKind::kPutBack) {
      begin_node_fault(fault, node);
    } else {
      begin_disk_fault(fault, node);
    }
  }
}

// --- cuts ---

// Both directions between one side and the rest.
Nemesis::Pairs Nemesis::across(const std::set<NodeIndex>& side) const {
  Pairs pairs;
  for (NodeIndex a = 0; a < cluster_.size(); ++a) {
    for (NodeIndex b = 0; b < cluster_.size(); ++b) {
      if (side.contains(a) != side.contains(b)) pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

// Of nodes in a ring, those too far apart for both to lie in one's majority.
Nemesis::Pairs Nemesis::ring_gaps() const {
  const std::size_t nodes = cluster_.size();
  const std::size_t reach = nodes / 4 + (nodes > 2 ? 1 : 0) - (nodes > 3 && nodes % 4 == 0 ? 1 : 0);
  Pairs pairs;
  for (NodeIndex a = 0; a < nodes; ++a) {
    for (NodeIndex b = 0; b < nodes; ++b) {
      const std::size_t apart = std::min((a + nodes - b) % nodes, (b + nodes - a) % nodes);
      if (apart > reach) pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

void Nemesis::begin_cut(const Fault& fault) {
  const std::set<NodeIndex> side(fault.nodes.begin(), fault.nodes.end());
  const bool reset = fault.amount % 2 == 1;  // Else connections stand, and nothing comes through.
  Pairs pairs = across(side);
  switch (fault.kind) {
    case FaultKind::kOneWay:
      std::erase_if(pairs, [&](const auto& pair) { return !side.contains(pair.first); });
      break;
    case FaultKind::kBridge: {
      const NodeIndex bridge = fault.salt % cluster_.size();
      std::erase_if(
          pairs, [&](const auto& pair) { return pair.first == bridge || pair.second == bridge; });
      break;
    }
    case FaultKind::kRing:
      pairs = ring_gaps();
      break;
    case FaultKind::kFlapping:
      return flap(pairs, scheduler_.now() + fault.lasts,
                  kFlapPeriod + Duration(fault.salt % 2'000'000));
    case FaultKind::kSwizzle:
      return swizzle(fault);
    default:
      break;
  }
  cut(pairs, fault.lasts, reset);
}

void Nemesis::cut(const Pairs& pairs, Duration lasts, bool reset) {
  Network& network = cluster_.network();
  for (const auto& [from, to] : pairs) {
    if (reset && from < to) network.reset_between(from, to);
    network.block(from, to);
  }
  later(lasts, [this, pairs] {
    for (const auto& [from, to] : pairs) cluster_.network().unblock(from, to);
  });
}

void Nemesis::flap(const Pairs& pairs, Time until, Duration period) {
  if (scheduler_.now() >= until) return;
  cut(pairs, period / 2, false);
  later(period, [this, pairs, until, period] { flap(pairs, until, period); });
}

// Each of the nodes is cut off in the first half and let back in the second.
void Nemesis::swizzle(const Fault& fault) {
  Dice dice(fault.salt, "swizzle");
  const Duration half = fault.lasts / 2;
  for (const NodeIndex node : fault.nodes) {
    const Duration from = dice.between(0us, half);
    const Duration until = half + dice.between(0us, half);
    later(from, [this, node, lasts = until - from] { cut(across({node}), lasts, false); });
  }
}

// --- links ---

void Nemesis::weather_of(NodeIndex node, const std::function<void(Weather&)>& change) {
  for (NodeIndex other = 0; other < cluster_.size(); ++other) {
    if (other == node) continue;
    change(cluster_.network().weather(node, other));
    change(cluster_.network().weather(other, node));
  }
}

void Nemesis::begin_link_fault(const Fault& fault) {
  for (const NodeIndex node : fault.nodes) {
    if (fault.kind == FaultKind::kHalfOpen) {
      // It was gone for so short a time that nobody missed it.
      if (!cluster_.running(node)) continue;
      kill(node, Death::kHost);
      cluster_.start(node);
      continue;
    }
    if (fault.kind == FaultKind::kReplay) {
      replay(fault, node);
      continue;
    }
    weather_of(node, [&](Weather& weather) {
      // From one piece in a hundred thousand to one in ten.
      const std::uint64_t per_million = 10 + fault.amount * fault.amount / 10;
      if (fault.kind == FaultKind::kResets) weather.reset_per_million = per_million;
      if (fault.kind == FaultKind::kFlips) weather.flip_per_million = per_million;
      if (fault.kind == FaultKind::kDrips) weather.piece_max = 1 + fault.amount % 16;
      if (fault.kind == FaultKind::kSlowLink) weather.delay_mean = Duration(fault.amount * 2'000);
    });
    later(fault.lasts, [this, node] {
      weather_of(node, [this](Weather& weather) { weather = cluster_.network().calm(); });
    });
  }
}

void Nemesis::replay(const Fault& fault, NodeIndex node) {
  for (std::uint64_t i = 0; i <= fault.amount % kReplaysMax; ++i) {
    const Duration delay = fault.lasts * static_cast<int>(i) / static_cast<int>(kReplaysMax);
    later(delay, [this, node, salt = fault.salt + i] {
      Dice dice(salt, "replay");
      cluster_.network().replay(node, dice);
    });
  }
}

// --- nodes ---

// A host that goes takes with it what a lying disk did not store.
void Nemesis::kill(NodeIndex node, Death death) {
  if (death == Death::kHost && lying_.contains(node)) {
    on_loss_(node);
    cluster_.count_loss(node);
  }
  cluster_.crash(node, death);
}

void Nemesis::take_down(NodeIndex node, Death death, Duration lasts) {
  if (!cluster_.running(node)) return;
  coverage_.reach(Mark::kCrashBetweenBatches);
  kill(node, death);
  later(std::max(lasts, kDownMin), [this, node] { cluster_.start(node); });
}

// At once, within a batch, around a commit, or after one and before anybody hears of it.
void Nemesis::crash(const Fault& fault, NodeIndex node) {
  if (!cluster_.running(node)) return;
  const std::uint64_t count = 1 + fault.salt % kOperationsMax;
  const Duration down = std::max(fault.lasts / 4, kDownMin);
  switch (fault.amount % 6) {
    case 0:
      return take_down(node, Death::kProcess, down);
    case 5:  // And again, while it starts.
      cluster_.crash(node, Death::kProcess);
      return later(down, [this, node, count, down] {
        cluster_.crash_at(node, Disk::Moment::kOperation, 1 + count % 4, down);
        cluster_.start(node);
      });
    case 1:
      cluster_.crash_at(node, Disk::Moment::kOperation, count, down);
      break;
    case 2:
      cluster_.crash_at(node, Disk::Moment::kBeforeCommit, 1 + count % 4, down);
      break;
    case 3:
      cluster_.crash_at(node, Disk::Moment::kAfterCommit, 1 + count % 4, down);
      break;
    default:
      cluster_.crash_before_effects(node, down);
  }
  later(fault.lasts, [this, node] { cluster_.cancel_crash(node); });
}

void Nemesis::replace_store(const Fault& fault, NodeIndex node) {
  const Duration half = fault.lasts / 2;
  // Cut off first, it may hold changes that nobody else has.
  const bool cut_off = fault.amount % 2 == 1;
  if (cut_off) cut(across({node}), half, false);
  later(cut_off ? half : 0us, [this, fault, node, half] {
    if (!cluster_.running(node)) return;
    if (fault.kind == FaultKind::kPutBack) return put_back(fault, node);
    on_loss_(node);
    cluster_.crash(node, Death::kHost);
    Disk::Contents contents;
    if (fault.kind == FaultKind::kRollback) contents = snapshots_[node].contents;
    if (fault.kind == FaultKind::kClone) {
      contents = cluster_.disk((node + 1) % cluster_.size()).contents();
    }
    cluster_.lose_contents(node, std::move(contents));
    // Cut off afterwards, it works with what it came back with before anybody tells it more.
    if (fault.amount % 4 >= 2) cut(across({node}), fault.lasts, false);
    later(std::max(half, kDownMin), [this, node] { cluster_.start(node); });
  });
}

// Its links are gone and it is what it was, ids to come included; then nothing tells it.
void Nemesis::put_back(const Fault& fault, NodeIndex node) {
  const Snapshot& then = snapshots_[node];
  if (!then.life) return;
  ++put_back_;
  on_loss_(node);
  coverage_.reach(Mark::kPutBack);
  cluster_.crash(node, Death::kHost);
  cluster_.lose_contents(node, then.contents);
  if (fault.amount % 4 >= 2) cut(across({node}), fault.lasts, false);
  cluster_.start_again(node, *then.life);
}

void Nemesis::begin_node_fault(const Fault& fault, NodeIndex node) {
  switch (fault.kind) {
    case FaultKind::kCrash:
      return crash(fault, node);
    case FaultKind::kPowerLoss:
    case FaultKind::kAllDown:
      return take_down(node, Death::kHost, fault.lasts);
    case FaultKind::kPause:
      coverage_.reach(Mark::kNodePaused);
      return cluster_.pause(node, scheduler_.now() + fault.lasts);
    default:
      return replace_store(fault, node);
  }
}

// --- disks and clocks ---

// Somebody must be left to compare with: a core of damaged nodes alone would pass whatever it held.
bool Nemesis::may_damage(NodeIndex node) const {
  std::set<NodeIndex> unsound = damaged_;
  unsound.insert(node);
  for (const Fault& fault : forever_) unsound.insert(fault.nodes.begin(), fault.nodes.end());
  return unsound.size() < cluster_.size();
}

void Nemesis::begin_disk_fault(const Fault& fault, NodeIndex node) {
  Disk& disk = cluster_.disk(node);
  Dice dice(fault.salt, "disk");
  switch (fault.kind) {
    case FaultKind::kDiskError: {
      const bool kept = fault.amount % 2 == 1;
      coverage_.reach(kept ? Mark::kCommitFailedButKept : Mark::kCommitFailed);
      return disk.fail_commits(1 + fault.amount % 3,
                               kept ? Disk::Remains::kEverything : Disk::Remains::kNothing);
    }
    case FaultKind::kDiskFull:
      coverage_.reach(Mark::kDiskWasFull);
      disk.set_full(true);
      return later(fault.lasts, [&disk] { disk.set_full(false); });
    case FaultKind::kSlowDisk:
      cluster_.set_commit_mean(node, kSlowCommit * static_cast<int>(fault.amount % kPercent) / 100);
      return later(fault.lasts, [this, node] { cluster_.set_commit_mean(node, commit_mean_); });
    case FaultKind::kFlipStored:
      if (may_damage(node) && disk.flip_bit(dice.rng())) damaged_.insert(node);
      return;
    case FaultKind::kLyingDisk:
      lying_.insert(node);
      disk.set_lying(true, fault.amount % 2 == 1 ? fault.salt % kPercent : 0);
      return later(fault.lasts, [this, node] {
        take_down(node, Death::kHost, kDownMin);
        cluster_.disk(node).set_lying(false);
        lying_.erase(node);
      });
    case FaultKind::kClockStep:
    case FaultKind::kFarClock: {
      coverage_.reach(Mark::kClockStepped);
      const Duration step = dice.between(1s, 10min);
      const Duration either_way = fault.amount % 2 == 1 ? -step : step;
      cluster_.clock(node).jump(fault.kind == FaultKind::kFarClock ? kTenYears : either_way);
      return later(fault.lasts, [this, node] { cluster_.clock(node).correct(); });
    }
    default:
      CHECK(false);
  }
}

// --- the end ---

void Nemesis::break_for_ever(const Fault& fault) {
  coverage_.reach(Mark::kBrokenRemainder);
  const std::set<NodeIndex> side(fault.nodes.begin(), fault.nodes.end());
  Pairs outwards = across(side);
  std::erase_if(outwards, [&](const auto& pair) { return !side.contains(pair.first); });
  const Time for_ever = Time::max() / 2;
  switch (fault.amount % kBrokenModes) {
    case 0:  // Gone.
      for (const NodeIndex node : side) cluster_.retire(node);
      break;
    case 1:  // Hung.
      for (const NodeIndex node : side) cluster_.pause(node, for_ever);
      break;
    case 4:  // Gone in the middle of what they tell the others.
      for (const NodeIndex node : side) {
        cluster_.retire_at(node, 1 + fault.salt % kOperationsMax);
      }
      break;
    case 2:  // They hear and are not heard.
      for (const auto& [from, to] : outwards) cluster_.network().block(from, to);
      break;
    default:  // Their links come and go.
      flap(across(side), for_ever, kFlapPeriod);
  }
}

void Nemesis::heal() {
  coverage_.reach(Mark::kHealed);
  ++healed_;
  Network& network = cluster_.network();
  network.unblock_all();
  network.clear_weather();
  lying_.clear();
  for (NodeIndex node = 0; node < cluster_.size(); ++node) {
    cluster_.cancel_crash(node);
    Disk& disk = cluster_.disk(node);
    disk.set_full(false);
    disk.set_lying(false);
    disk.fail_commits(0, Disk::Remains::kNothing);
    cluster_.set_commit_mean(node, commit_mean_);
    cluster_.clock(node).correct();
    cluster_.resume(node);
    cluster_.start(node);
  }
  for (const Fault& fault : forever_) {
    broken_.insert(fault.nodes.begin(), fault.nodes.end());
    later(Duration(fault.salt % kBreaksWithin), [this, fault] { break_for_ever(fault); });
  }
}

}  // namespace simulation

// NodeClock: what one node's two clocks say at a moment of the run.
//
// Shape    both drift alike; only the wall clock jumps. The steady one never goes back.
#pragma once

#include "crdt/instant.h"
#include "simulation/virtual_time.h"

namespace simulation {

// What Slack's clock says when a run begins.
inline constexpr crdt::WallTime kRunBegins{std::chrono::seconds(1'790'000'000)};

class NodeClock {
 public:
  explicit NodeClock(std::int64_t drift_ppm = 0) : drift_ppm_(drift_ppm) {}

  [[nodiscard]] crdt::Now at(Time time) const {
    const Duration passed = time + time * drift_ppm_ / kMillion;
    return {kSteadyBegins + passed, kRunBegins + passed + jump_};
  }

  // The first moment at which the steady clock says `instant` or more.
  [[nodiscard]] Time when(crdt::Instant instant) const {
    const Duration passed = instant - kSteadyBegins;
    if (passed <= Duration{}) return Time{};
    return passed * kMillion / (kMillion + drift_ppm_) + Duration(1);
  }

  void jump(Duration by) { jump_ += by; }
  void correct() { jump_ = Duration{}; }

 private:
  static constexpr std::int64_t kMillion = 1'000'000;
  static constexpr crdt::Instant kSteadyBegins{std::chrono::seconds(100)};

  std::int64_t drift_ppm_;
  Duration jump_{};
};

}  // namespace simulation

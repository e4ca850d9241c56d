// HybridTime: the times that people read, in an order that never contradicts what caused what.
//
// Shape    a wall time and a count of what happened within it. It dates what people see and orders
//          lists; it decides no causality and refuses no data.
// Laws     tick and observe only go up. A peer's time pulls this clock at most kPeerLeadMicros past
//          its own wall clock, so one wrong clock cannot date everybody's work into next year. The
//          order of cause and effect therefore holds between peers whose clocks differ by less.
// Source   Kulkarni et al., "Logical physical clocks", OPODIS 2014.
#pragma once

#include <compare>
#include <cstdint>

#include "crdt/instant.h"

namespace crdt {

// Twelve times what /readyz warns at: a peer further ahead is broken, not late.
inline constexpr std::int64_t kPeerLeadMicros = 60'000'000;

struct HybridTime {
  WallTime wall;
  std::uint32_t count = 0;

  auto operator<=>(const HybridTime&) const = default;
};

class HybridClock {
 public:
  // A time greater than any before. REQUIRES `now` from this peer's own wall clock.
  HybridTime tick(WallTime now);

  // As tick, and also greater than `peer` unless that lies more than kPeerLeadMicros ahead of
  // `now`.
  HybridTime observe(WallTime now, const HybridTime& peer);

  [[nodiscard]] const HybridTime& last() const { return last_; }

 private:
  HybridTime last_{};
};

}  // namespace crdt

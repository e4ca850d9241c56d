#include "crdt/hybrid_time.h"

#include <algorithm>
#include <limits>

namespace crdt {
namespace {

HybridTime next_after(const HybridTime& time) {
  if (time.count < std::numeric_limits<std::uint32_t>::max()) return {time.wall, time.count + 1};
  return {time.wall + std::chrono::microseconds(1), 0};
}

}  // namespace

HybridTime HybridClock::tick(WallTime now) {
  last_ = std::max(next_after(last_), HybridTime{now, 0});
  return last_;
}

HybridTime HybridClock::observe(WallTime now, const HybridTime& peer) {
  const HybridTime limit{now + std::chrono::microseconds(kPeerLeadMicros), 0};
  last_ = std::max(last_, std::min(peer, limit));
  return tick(now);
}

}  // namespace crdt

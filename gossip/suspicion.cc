#include "gossip/suspicion.h"

#include <algorithm>

namespace gossip {
namespace {

// log(confirmations + 1) / log(expected + 1) in thousandths, by expected and confirmations: a
// table, for the last digit of a logarithm is not the same everywhere.
constexpr int kShrink[Suspicion::kConfirmationsMax + 1][Suspicion::kConfirmationsMax + 1] = {
    {1000, 1000, 1000, 1000}, {0, 1000, 1000, 1000}, {0, 631, 1000, 1000}, {0, 500, 792, 1000}};

}  // namespace

Suspicion::Suspicion(crdt::Instant now, MemberId accuser, std::size_t expected)
    : since_(now), first_(accuser), expected_(std::min(expected, kConfirmationsMax)) {}

bool Suspicion::confirm(MemberId accuser) {
  if (confirmed() || accuser == first_) return false;
  return others_.insert(accuser).second;
}

bool Suspicion::confirmed() const { return certain_ || others_.size() >= expected_; }

crdt::Instant Suspicion::ends(const SuspicionLimits& limits) const {
  if (confirmed()) return since_ + limits.shortest;
  const int shrink = kShrink[expected_][others_.size()];
  return since_ + limits.longest - (limits.longest - limits.shortest) * shrink / 1000;
}

}  // namespace gossip

// Suspicion: how long a member that did not answer may take to refute.
//
// Shape    it begins with one accuser and the longest time. Each further accuser that has evidence
//          of its own shortens it, the first ones most, down to the shortest: if nobody confirms,
//          the accuser is likely the one with the trouble.
// Source   Lifeguard (arXiv 1707.00788), "Local Health Aware Suspicion": max - (max - min) *
//          log(confirmations + 1) / log(expected + 1).
#pragma once

#include <chrono>
#include <cstddef>
#include <set>

#include "crdt/instant.h"
#include "gossip/member.h"

namespace gossip {

struct SuspicionLimits {
  std::chrono::milliseconds shortest;
  std::chrono::milliseconds longest;
};

class Suspicion {
 public:
  // Lifeguard's. More would hardly shorten it, and each costs a message to every member.
  static constexpr std::size_t kConfirmationsMax = 3;

  // `expected`: how many others could confirm; kConfirmationsMax of them suffice.
  Suspicion(crdt::Instant now, MemberId accuser, std::size_t expected);

  // True where `accuser` is new and another confirmation still counts.
  bool confirm(MemberId accuser);
  // Evidence that needs no confirmation.
  void be_certain() { certain_ = true; }

  [[nodiscard]] bool confirmed() const;  // No further accuser shortens it.
  [[nodiscard]] MemberId first_accuser() const { return first_; }
  [[nodiscard]] crdt::Instant ends(const SuspicionLimits& limits) const;

  // The time that this process stood still counts for nothing.
  void postpone(crdt::SteadyClock::duration by) { since_ += by; }

 private:
  crdt::Instant since_;
  MemberId first_;
  std::set<MemberId> others_;
  std::size_t expected_;
  bool certain_ = false;
};

}  // namespace gossip

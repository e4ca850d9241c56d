// Members: what peers say to each other about who is alive.
//
// Shape    an incarnation numbers what a member says of itself. It grows with every start of its
//          process and with every accusation that it refutes; only the member raises it. Of two
//          statements about one member the one with the greater incarnation counts, and of equal
//          ones the graver: dead before suspect before alive.
// Units    0 is no incarnation: the member has not been heard of.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gossip/noise_keys.h"

namespace gossip {

// The first eight octets of a member's public key.
struct MemberId {
  std::uint64_t value = 0;

  auto operator<=>(const MemberId&) const = default;
};

[[nodiscard]] MemberId member_of(const PublicKey& key);

// In order of gravity.
enum class Liveness : std::uint8_t { kAlive, kSuspect, kDead };

[[nodiscard]] std::string_view name_of(Liveness state);  // "alive", "suspect", "dead".

// One statement about a member, as it is passed on.
struct News {
  MemberId member;
  std::uint64_t incarnation = 0;
  Liveness state = Liveness::kAlive;
  MemberId by;  // Whose evidence it is.

  bool operator==(const News&) const = default;
};

enum class SwimKind : std::uint8_t {
  kProbe,     // "Are you there?" Answered by kAck.
  kAck,       // "I am", or, after kProbeFor, "the target is".
  kProbeFor,  // "Probe `target` for me." Answered by kAck or, while there is time, by kNack.
  kNack,      // "I am there, but the target has not answered me."
  kNews,      // Nothing but news.
  kView,      // All that the sender believes, as news. Answered where the receiver knows better.
};

// One message between two linked members. Each carries what its sender says of itself.
struct Swim {
  SwimKind kind = SwimKind::kNews;
  std::uint32_t number = 0;       // Of the probe that it belongs to; the asker's.
  MemberId target;                // Of kProbeFor.
  std::uint64_t incarnation = 0;  // The sender's own.
  bool ready = false;             // The sender takes on duties.
  std::uint32_t view = 0;         // A digest of all that the sender believes.
  std::vector<News> news;

  bool operator==(const Swim&) const = default;
};

}  // namespace gossip

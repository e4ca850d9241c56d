// Keys and roster entries for tests: an operator, a founder "a" and nodes by name.
#pragma once

#include <string>

#include "gossip/roster_entry.h"

namespace tests {

inline const std::string kCluster = "test";

inline gossip::SigningSeed seed(std::uint8_t octet) {
  gossip::SigningSeed seed;
  seed.bytes.fill(octet);
  return seed;
}

// The identity of the node that is called so.
inline gossip::PrivateKey identity(const std::string& name) {
  gossip::PrivateKey key;
  key.bytes.fill(static_cast<std::uint8_t>(name.front()));
  return key;
}

inline gossip::SigningSeed node_seed(const std::string& name) {
  return gossip::signing_seed_of(identity(name));
}

inline gossip::Member member(const std::string& name, gossip::RosterState state,
                             std::uint64_t version = 1) {
  return {gossip::public_key_of(identity(name)),
          gossip::verify_key_of(node_seed(name)),
          name,
          name + ":7100",
          name.front(),
          state,
          version};
}

inline crdt::WallTime wall(int seconds) { return crdt::WallTime(std::chrono::seconds(seconds)); }

struct Membership {
  gossip::SigningSeed operator_seed = seed(200);

  [[nodiscard]] gossip::RosterEntry by_operator(const gossip::Member& about) const {
    return gossip::sign_as_operator(kCluster, about, operator_seed);
  }
  [[nodiscard]] gossip::RosterEntry founder() const {
    return by_operator(member("a", gossip::RosterState::kActive));
  }
  [[nodiscard]] gossip::Permit permit(std::uint8_t token, char letter = 'b') const {
    gossip::TokenId id{};
    id.fill(token);
    return gossip::make_permit(kCluster, operator_seed, id, wall(1000), letter,
                               gossip::verify_key_of(seed(token)));
  }
  // `about` joined with a token, sponsored by `sponsor`.
  [[nodiscard]] gossip::RosterEntry joined(const gossip::Member& about, std::uint8_t token,
                                           const std::string& sponsor = "a") const {
    const gossip::Signature joiner = gossip::sign_with_token(kCluster, about, seed(token));
    return gossip::countersign(kCluster, about, permit(token), joiner, node_seed(sponsor));
  }
  [[nodiscard]] gossip::RosterEntry joined(const std::string& name, std::uint8_t token,
                                           const std::string& sponsor = "a") const {
    gossip::Member about = member(name, gossip::RosterState::kJoining);
    about.letter = 'b';
    return joined(about, token, sponsor);
  }
  [[nodiscard]] gossip::RosterEntry self(const std::string& name, std::uint64_t version) const {
    return gossip::sign_as_self(kCluster, member(name, gossip::RosterState::kActive, version),
                                node_seed(name));
  }
};

}  // namespace tests

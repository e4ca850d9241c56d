// Token: what an operator hands to whoever sets up a new node; `muster join TOKEN` needs no more.
//
// Shape    text: "muster-join-1." and base64url of the permit, the cluster's name, the hash of its
//          operators' keys, the token's seed, the pre-shared key of the joining link, the sponsors
//          and a checksum. Whoever has it may join once, until it expires: it is to be kept as a
//          password is.
// Size     kTokenTextBytesMax, kSponsorsMax.
// Errors   text that is no whole token, or whose permit its operator did not sign, is refused.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"
#include "gossip/roster_entry.h"

namespace gossip {

inline constexpr std::size_t kSponsorsMax = 8;  // Enough that one of them is up.
inline constexpr std::size_t kTokenTextBytesMax = 8'192;

// Of all operators' keys of a cluster: what a sponsor says they are is held against it.
using OperatorsHash = std::array<std::uint8_t, 32>;
[[nodiscard]] OperatorsHash hash_of(const std::set<VerifyKey>& operators);

// A peer that lets the joiner in.
struct Sponsor {
  std::string address;
  PublicKey key;

  bool operator==(const Sponsor&) const = default;
};

struct Token {
  std::string cluster;
  Permit permit;
  OperatorsHash operators{};
  SigningSeed seed;  // Of permit.token_key.
  PreSharedKey pre_shared_key;
  std::vector<Sponsor> sponsors;

  bool operator==(const Token&) const = default;
};

// Of the link with which the holder of this token joins.
[[nodiscard]] PreSharedKey joining_key(const PreSharedKey& cluster_secret, const TokenId& id);

// The text is a secret, and has another name so that no log line takes it.
[[nodiscard]] std::string exposed_text(const Token& token);
[[nodiscard]] crdt::Result<Token> token_from_text(std::string_view text);

}  // namespace gossip

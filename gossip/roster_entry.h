// RosterEntry: one signed sentence about one member of the cluster; and the Permit, by which an
// operator lets one new node in.
//
// Shape    an entry is a Member and a proof of who said so:
//            operator  an operator's key signs: anything
//            token     the joiner's node signs with its token, whose permit an operator signed; the
//                      sponsor, who judged expiry, countersigns: joining
//            self      the node itself: its address, and that it is joining, active or draining
//          It is kept as an immutable record (crdt/record.h): kind 'r', node key, content hash.
// Size     kEntryBytesMax; a name and an address as below.
// Laws     an entry comes back from its record, and has one: tests/gossip/roster_entry_test.cc.
// Errors   an entry that breaks a limit, or whose signature is wrong, is refused with a sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/instant.h"
#include "crdt/record.h"
#include "crdt/result.h"
#include "gossip/noise_keys.h"
#include "gossip/signing_keys.h"

namespace gossip {

inline constexpr char kRosterKind = 'r';
inline constexpr std::size_t kEntryBytesMax = 2'048;        // Twice what the longest one takes.
inline constexpr std::size_t kMemberNameBytesMax = 64;      // As in configurations.
inline constexpr std::size_t kMemberAddressBytesMax = 260;  // A DNS name of 253 and its port.
inline constexpr std::size_t kClusterNameBytesMax = 64;
// Of what a node says about itself. It moves or comes back a few times a day at most; an operator
// can always go beyond.
inline constexpr std::uint64_t kSelfVersionMax = 1 << 20;

// In the order in which they win over each other.
enum class RosterState : std::uint8_t { kJoining, kActive, kDraining, kRemoved };

[[nodiscard]] std::string_view name_of(RosterState state);

struct Member {
  PublicKey node_key;     // Its identity in links.
  VerifyKey signing_key;  // What it signs with.
  std::string name;       // As operators call it.
  std::string address;    // "host:port" to dial.
  char letter = 'a';      // In task numbers.
  RosterState state = RosterState::kJoining;
  std::uint64_t version = 1;

  bool operator==(const Member&) const = default;
};

using TokenId = std::array<std::uint8_t, 16>;

struct Permit {
  TokenId id{};
  crdt::WallTime expires;  // Whole seconds.
  char letter = 'a';
  VerifyKey token_key;     // Whoever holds its seed may join, once.
  VerifyKey operator_key;  // Whose signature this is.
  Signature signature;

  bool operator==(const Permit&) const = default;
};

struct OperatorProof {
  VerifyKey key;
  Signature signature;

  bool operator==(const OperatorProof&) const = default;
};

struct TokenProof {
  Permit permit;
  Signature joiner;
  VerifyKey sponsor;
  Signature countersignature;

  bool operator==(const TokenProof&) const = default;
};

struct SelfProof {
  Signature signature;

  bool operator==(const SelfProof&) const = default;
};

struct RosterEntry {
  Member member;
  std::variant<OperatorProof, TokenProof, SelfProof> proof;

  bool operator==(const RosterEntry&) const = default;
};

[[nodiscard]] Permit make_permit(const std::string& cluster, const SigningSeed& operator_seed,
                                 const TokenId& id, crdt::WallTime expires, char letter,
                                 const VerifyKey& token_key);
[[nodiscard]] bool permit_verifies(const std::string& cluster, const Permit& permit);

[[nodiscard]] RosterEntry sign_as_operator(const std::string& cluster, const Member& member,
                                           const SigningSeed& seed);
[[nodiscard]] RosterEntry sign_as_self(const std::string& cluster, const Member& member,
                                       const SigningSeed& seed);
// What a joiner hands to its sponsor, and what the sponsor makes of it.
[[nodiscard]] Signature sign_with_token(const std::string& cluster, const Member& member,
                                        const SigningSeed& token_seed);
[[nodiscard]] bool joiner_verifies(const std::string& cluster, const Member& member,
                                   const Permit& permit, const Signature& joiner);
[[nodiscard]] RosterEntry countersign(const std::string& cluster, const Member& member,
                                      const Permit& permit, const Signature& joiner,
                                      const SigningSeed& sponsor);

// As it is stored and sent. The cluster's name is in it, so that an entry of another cluster is
// known for what it is.
[[nodiscard]] crdt::Record to_record(const std::string& cluster, const RosterEntry& entry);

// The record of an entry that came as its value alone. It is not judged.
[[nodiscard]] crdt::Result<crdt::Record> to_record(crdt::BytesView value);

// The entry of a record of kRosterKind. An Error says what is wrong with it: shape, key, cluster or
// a signature. Whether its signer may speak is the roster's to judge.
[[nodiscard]] crdt::Result<RosterEntry> read_entry(const std::string& cluster,
                                                   const crdt::Record& record);

// The pieces, for tokens and for what joiners send.
[[nodiscard]] crdt::Bytes encode(const Member& member);
[[nodiscard]] crdt::Bytes encode(const Permit& permit);
[[nodiscard]] crdt::Result<Member> decode_member(crdt::BytesView bytes);
[[nodiscard]] crdt::Result<Permit> decode_permit(crdt::BytesView bytes);

// "The first 16 hexadecimal digits": how a key and a token's id are shown to people.
[[nodiscard]] std::string short_key(const PublicKey& key);
[[nodiscard]] std::string short_id(const TokenId& id);

}  // namespace gossip

// Invitation: what the cluster knows of the tokens that were given out, so that no letter is
// promised twice, and so that an operator can take a token back.
//
// Shape    immutable records (crdt/record.h) of kInvitationKind, named by the token's id:
//            'p'  its Permit, as an operator signed it
//            'w'  its Withdrawal: it lets nobody in any more
// Size     some 250 octets each. They stay: tokens are few.
// Laws     an invitation comes back from its record: tests/gossip/invitation_test.cc.
// Errors   a record of another shape, cluster or signature is refused with a sentence.
#pragma once

#include <string>
#include <variant>

#include "crdt/record.h"
#include "crdt/result.h"
#include "gossip/roster_entry.h"

namespace gossip {

inline constexpr char kInvitationKind = 'i';

struct Withdrawal {
  TokenId id{};
  VerifyKey operator_key;
  Signature signature;

  bool operator==(const Withdrawal&) const = default;
};

using Invitation = std::variant<Permit, Withdrawal>;

[[nodiscard]] Withdrawal withdraw(const std::string& cluster, const SigningSeed& operator_seed,
                                  const TokenId& id);

[[nodiscard]] crdt::Record to_record(const std::string& cluster, const Invitation& invitation);

// The record of an invitation that came as its value alone. It is not judged.
[[nodiscard]] crdt::Result<crdt::Record> invitation_record(crdt::BytesView value);

// The invitation of a record of kInvitationKind. An Error says what is wrong with it; whether its
// signer is an operator is the roster's to judge.
[[nodiscard]] crdt::Result<Invitation> read_invitation(const std::string& cluster,
                                                       const crdt::Record& record);

}  // namespace gossip

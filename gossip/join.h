// Join: how a node that nobody knows becomes a member: both ends of the joining link, sans-IO.
//
// Shape    the joiner dials a sponsor and says in the clear which token it holds: a u16 length that
//          no handshake message has, a version and the token's id. Then Noise XXpsk3 under the
//          token's key (gossip/secure_channel.h), one request, one answer, and the link ends:
//            request  permit, member (joining, version 1), the token's signature of it
//            answer   refused, with a sentence; or the entry, countersigned, with the rest of the
//                     roster, the operators, the cluster's secret and what the owner hands out
// Size     one frame each way; kJoinEntriesBytesMax of entries, what is beyond comes by gossip.
// Laws     a token admits one key at a sponsor; the same key may ask again, and gets the same
//          answer, also when the token has expired meanwhile: an answer may be lost.
// Errors   the sponsor's refusals are sentences for whoever typed `muster join`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/instant.h"
#include "crdt/result.h"
#include "crdt/rng.h"
#include "gossip/roster.h"
#include "gossip/secure_channel.h"
#include "gossip/token.h"

namespace gossip {

inline constexpr std::size_t kJoinEntriesBytesMax = 512 << 10;  // Half a frame: a thousand entries.
inline constexpr std::size_t kJoinSecretsBytesMax = 64 << 10;

// What the joiner says before the handshake, its length included.
inline constexpr std::size_t kJoinHailBytes = 2 + 1 + sizeof(TokenId);
[[nodiscard]] crdt::Bytes join_hail(const TokenId& id);
// Whether a stream that begins with these two octets is a joiner's.
[[nodiscard]] bool begins_hail(crdt::BytesView first_two);
// REQUIRES kJoinHailBytes octets.
[[nodiscard]] crdt::Result<TokenId> read_hail(crdt::BytesView hail);

struct JoinRequest {
  Permit permit;
  Member member;
  Signature joiner;

  bool operator==(const JoinRequest&) const = default;
};

struct JoinAnswer {
  std::string refusal;                // Empty where accepted; then all the rest counts.
  std::vector<crdt::Record> entries;  // The joiner's own first.
  std::vector<VerifyKey> operators;
  PreSharedKey cluster_secret;
  crdt::Bytes secrets;  // What the owner hands to every member.

  bool operator==(const JoinAnswer&) const = default;
};

[[nodiscard]] crdt::Bytes encode(const JoinRequest& request);
[[nodiscard]] crdt::Bytes encode(const JoinAnswer& answer);
[[nodiscard]] crdt::Result<JoinRequest> decode_join_request(crdt::BytesView bytes);
[[nodiscard]] crdt::Result<JoinAnswer> decode_join_answer(crdt::BytesView bytes);

// Why a sponsor's answer is not to be trusted, or says no; nothing where it lets the joiner in.
[[nodiscard]] std::optional<crdt::Error> fault_of(const Token& token, const JoinAnswer& answer);

// The entry that lets `node` in, as proven by its link; an Error for the joiner where it may not.
[[nodiscard]] crdt::Result<RosterEntry> judge_join(const Roster& roster, const JoinRequest& request,
                                                   const PublicKey& node, crdt::WallTime now,
                                                   const SigningSeed& sponsor);

// The channel of a joining link, for either end. `allowed` as in SecureChannelConfig.
[[nodiscard]] SecureChannelConfig joining_channel(Role role, const std::string& cluster,
                                                  const TokenId& id, const PrivateKey& identity,
                                                  const PreSharedKey& key);

// The joiner's end, with one sponsor.
class Joiner {
 public:
  // REQUIRES that `sponsor` is one of the token's.
  Joiner(const Token& token, const Sponsor& sponsor, const PrivateKey& identity,
         const JoinRequest& request, crdt::Rng& rng);

  [[nodiscard]] crdt::Bytes start();

  // Whether the request is on its way: from then on the token may be spent.
  [[nodiscard]] bool asked() const { return asked_; }

  // What to send on; answer() is there once it came. An Error ends it.
  [[nodiscard]] crdt::Result<crdt::Bytes> receive(crdt::BytesView bytes);

  [[nodiscard]] const std::optional<JoinAnswer>& answer() const { return answer_; }

 private:
  TokenId id_;
  JoinRequest request_;
  SecureChannel channel_;
  bool asked_ = false;
  std::optional<JoinAnswer> answer_;
};

}  // namespace gossip

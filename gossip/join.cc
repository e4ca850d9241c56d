#include "gossip/join.h"

#include <algorithm>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "gossip/config.h"
#include "gossip/letters.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;
using crdt::Error;
using crdt::Result;

constexpr std::uint8_t kHailVersion = 1;
constexpr std::size_t kOperatorsMax = 64;
constexpr std::size_t kRefusalBytesMax = 1'024;

std::string ago(crdt::WallTime::duration span) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span).count();
  if (seconds < 120) return std::to_string(seconds) + " s ago";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " minutes ago";
  return std::to_string(seconds / 3'600) + " hours ago";
}

// Why nobody may join as this member; whether its token is good is asked elsewhere.
std::optional<Error> conflict(const Roster& roster, const Member& member) {
  std::size_t count = 0;
  for (const auto& [key, standing] : roster.members()) {
    const bool same = key == member.node_key;
    if (standing.member.state == RosterState::kRemoved) {
      if (same) {
        return Error(
            "this node's key was removed from the cluster for ever; a removed machine "
            "returns with a new key: join from an empty folder, with a new token");
      }
      continue;
    }
    ++count;
    if (same) return Error("this node is a member already, as " + standing.member.name);
    if (standing.member.name == member.name) {
      return Error("a member is called " + member.name + " already; choose another --name");
    }
    if (standing.member.address == member.address) {
      return Error(standing.member.name + " is reached at " + member.address +
                   " already; say with --address where this node is");
    }
  }
  if (count > Config::kPeersMax) {
    return Error("the cluster has " + std::to_string(count) + " members, and no room for more");
  }
  // Two that make tasks under one letter give them one label.
  if (const auto owner = member_with(roster, member.letter)) {
    return Error(*owner + " has the letter " + member.letter +
                 " in task numbers already, which this token promises, too; ask for a new token");
  }
  return std::nullopt;
}

}  // namespace

Bytes join_hail(const TokenId& id) {
  Bytes hail{'\0', static_cast<char>(kJoinHailBytes - 2), static_cast<char>(kHailVersion)};
  return hail += view_of(id);
}

bool begins_hail(BytesView first_two) { return first_two == BytesView(join_hail({})).substr(0, 2); }

Result<TokenId> read_hail(BytesView hail) {
  CHECK(hail.size() == kJoinHailBytes);
  if (hail[2] != static_cast<char>(kHailVersion)) {
    return Error("it wants to join in a way that this version does not know");
  }
  TokenId id;
  std::copy(hail.begin() + 3, hail.end(), id.begin());
  return id;
}

Bytes encode(const JoinRequest& request) {
  ByteWriter out;
  out.short_run(encode(request.permit));
  out.short_run(encode(request.member));
  return out.octets(view_of(request.joiner.bytes)).take();
}

Result<JoinRequest> decode_join_request(BytesView bytes) {
  ByteReader in(bytes);
  const auto permit = decode_permit(in.short_run(kEntryBytesMax));
  const auto member = decode_member(in.short_run(kEntryBytesMax));
  Signature joiner;
  in.fill(joiner.bytes);
  if (!permit || !member || !in.at_end()) return Error("its request to join is malformed");
  return JoinRequest{*permit, *member, joiner};
}

Bytes encode(const JoinAnswer& answer) {
  ByteWriter out;
  out.short_run(answer.refusal);
  out.varint(answer.entries.size());
  for (const crdt::Record& entry : answer.entries) {
    out.short_run(entry.key);
    out.short_run(entry.value);
  }
  out.varint(answer.operators.size());
  for (const VerifyKey& key : answer.operators) out.octets(view_of(key.bytes));
  out.octets(view_of(answer.cluster_secret.bytes));
  out.short_run(answer.secrets);
  return out.take();
}

Result<JoinAnswer> decode_join_answer(BytesView bytes) {
  ByteReader in(bytes);
  JoinAnswer answer;
  answer.refusal = in.short_run(kRefusalBytesMax);
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    const BytesView key = in.short_run(crdt::kRecordKeyBytesMax);
    const BytesView value = in.short_run(kEntryBytesMax);
    answer.entries.push_back({Bytes(key), Bytes(value)});
  }
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    if (answer.operators.size() == kOperatorsMax) in.fail();
    in.fill(answer.operators.emplace_back().bytes);
  }
  in.fill(answer.cluster_secret.bytes);
  answer.secrets = in.short_run(kJoinSecretsBytesMax);
  if (!in.at_end()) return Error("the sponsor's answer is malformed");
  return answer;
}

Result<RosterEntry> judge_join(const Roster& roster, const JoinRequest& request,
                               const PublicKey& node, crdt::WallTime now,
                               const SigningSeed& sponsor) {
  const Permit& permit = request.permit;
  const Member& member = request.member;
  if (!roster.is_operator(permit.operator_key) || !permit_verifies(roster.cluster(), permit)) {
    return Error("this token was not signed by an operator of this cluster");
  }
  if (member.node_key != node || member.state != RosterState::kJoining || member.version != 1 ||
      member.letter != permit.letter ||
      !joiner_verifies(roster.cluster(), member, permit, request.joiner)) {
    return Error("this request was not signed with its token, or says more than the token allows");
  }
  // In a split two keys may have joined with it: each is answered as it was.
  const std::vector<RosterEntry> joined = roster.joined_with(permit.id);
  for (const RosterEntry& used : joined) {
    if (used.member.node_key == node && !roster.removed(node)) return used;
  }
  for (const RosterEntry& used : joined) {
    if (used.member.node_key == node) continue;
    return Error("this token was used already, by " + used.member.name + " (" +
                 short_key(used.member.node_key) + "); every new node needs a token of its own");
  }
  if (roster.withdrawn(permit.id)) {
    return Error("this token was withdrawn by an operator; ask for a new one");
  }
  if (permit.expires <= now) {
    return Error("this token expired " + ago(now - permit.expires) + "; ask for a new one");
  }
  if (const auto refusal = conflict(roster, member)) return *refusal;
  return countersign(roster.cluster(), member, permit, request.joiner, sponsor);
}

std::optional<Error> fault_of(const Token& token, const JoinAnswer& answer) {
  if (!answer.refusal.empty()) return Error(answer.refusal);
  // Whose keys these are decides who belongs to the cluster: that is not the sponsor's to say.
  if (hash_of({answer.operators.begin(), answer.operators.end()}) != token.operators) {
    return Error(
        "the peer that answered names other operators than this token does, so it is not to be "
        "trusted; nothing was taken from it. Tell the operator who gave you the token");
  }
  for (const crdt::Record& entry : answer.entries) {
    const auto read = read_entry(token.cluster, entry);
    if (!read) return Error("the sponsor's roster is wrong: " + read.error().message);
  }
  return std::nullopt;
}

SecureChannelConfig joining_channel(Role role, const std::string& cluster, const TokenId& id,
                                    const PrivateKey& identity, const PreSharedKey& key) {
  SecureChannelConfig config;
  config.role = role;
  config.handshake.prologue = "muster join 1 cluster " + cluster + " token ";
  config.handshake.prologue += view_of(id);
  config.handshake.static_key = identity;
  config.handshake.pre_shared_key = key;
  config.allowed = [](const PublicKey&) { return true; };
  return config;
}

namespace {

SecureChannelConfig joiners_channel(const Token& token, const Sponsor& sponsor,
                                    const PrivateKey& identity) {
  SecureChannelConfig config = joining_channel(Role::kInitiator, token.cluster, token.permit.id,
                                               identity, token.pre_shared_key);
  config.allowed = [key = sponsor.key](const PublicKey& proven) { return proven == key; };
  return config;
}

}  // namespace

Joiner::Joiner(const Token& token, const Sponsor& sponsor, const PrivateKey& identity,
               const JoinRequest& request, crdt::Rng& rng)
    : id_(token.permit.id),
      request_(request),
      channel_(joiners_channel(token, sponsor, identity), rng) {}

Bytes Joiner::start() { return join_hail(id_) + channel_.start(); }

Result<Bytes> Joiner::receive(BytesView bytes) {
  Result<Received> received = channel_.receive(bytes);
  if (!received) return received.error();
  Bytes out = std::move(received->to_send);
  if (received->established_now) {
    out += channel_.seal(encode(request_));
    asked_ = true;
  }
  for (const Bytes& frame : received->frames) {
    Result<JoinAnswer> answer = decode_join_answer(frame);
    if (!answer) return answer.error();
    answer_ = std::move(*answer);
  }
  return {boost::system::in_place_value, std::move(out)};
}

}  // namespace gossip

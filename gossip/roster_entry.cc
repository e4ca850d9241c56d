#include "gossip/roster_entry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "gossip/noise_hash.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;
using crdt::Error;
using crdt::Result;

constexpr std::string_view kEntryPurpose = "muster roster entry 1";
constexpr std::string_view kPermitPurpose = "muster permit 1";
constexpr std::string_view kJoinerPurpose = "muster join 1";
constexpr std::string_view kSponsorPurpose = "muster sponsor 1";

enum ProofKind : std::uint8_t { kByOperator, kByToken, kBySelf };

std::string read_text(ByteReader& in, std::size_t bytes_max) {
  const BytesView text = in.short_run(bytes_max);
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) in.fail();
  return std::string(text);
}

char read_letter(ByteReader& in) {
  const char letter = static_cast<char>(in.octet());
  if (letter < 'a' || letter > 'z') in.fail();
  return letter;
}

Member read_member(ByteReader& in) {
  Member member;
  in.fill(member.node_key.bytes);
  in.fill(member.signing_key.bytes);
  member.name = read_text(in, kMemberNameBytesMax);
  member.address = read_text(in, kMemberAddressBytesMax);
  member.letter = read_letter(in);
  const std::uint8_t state = in.octet();
  if (state > static_cast<std::uint8_t>(RosterState::kRemoved)) in.fail();
  member.state = static_cast<RosterState>(state);
  member.version = in.varint();
  if (member.version == 0) in.fail();
  return member;
}

Permit read_permit(ByteReader& in) {
  Permit permit;
  in.fill(permit.id);
  permit.expires = crdt::WallTime(std::chrono::seconds(in.varint() & 0xffff'ffff'ff));
  permit.letter = read_letter(in);
  in.fill(permit.token_key.bytes);
  in.fill(permit.operator_key.bytes);
  in.fill(permit.signature.bytes);
  return permit;
}

Bytes permit_body(const std::string& cluster, const Permit& permit) {
  ByteWriter out;
  out.short_run(cluster);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(permit.expires.time_since_epoch());
  out.octets(view_of(permit.id)).varint(static_cast<std::uint64_t>(seconds.count()));
  out.octet(static_cast<std::uint8_t>(permit.letter));
  out.octets(view_of(permit.token_key.bytes)).octets(view_of(permit.operator_key.bytes));
  return out.take();
}

Bytes member_body(const std::string& cluster, const Member& member) {
  ByteWriter out;
  out.short_run(cluster);
  return out.octets(encode(member)).take();
}

Bytes sponsor_body(const std::string& cluster, const Member& member, const Permit& permit,
                   const Signature& joiner) {
  ByteWriter out;
  out.octets(member_body(cluster, member)).octets(encode(permit));
  return out.octets(view_of(joiner.bytes)).take();
}

void write_proof(ByteWriter& out, const OperatorProof& proof) {
  out.octet(kByOperator);
  out.octets(view_of(proof.key.bytes)).octets(view_of(proof.signature.bytes));
}

void write_proof(ByteWriter& out, const TokenProof& proof) {
  out.octet(kByToken);
  out.octets(encode(proof.permit)).octets(view_of(proof.joiner.bytes));
  out.octets(view_of(proof.sponsor.bytes)).octets(view_of(proof.countersignature.bytes));
}

void write_proof(ByteWriter& out, const SelfProof& proof) {
  out.octet(kBySelf);
  out.octets(view_of(proof.signature.bytes));
}

void read_proof(ByteReader& in, RosterEntry& entry) {
  const std::uint8_t kind = in.octet();
  if (kind == kByOperator) {
    OperatorProof proof;
    in.fill(proof.key.bytes);
    in.fill(proof.signature.bytes);
    entry.proof = proof;
  } else if (kind == kByToken) {
    TokenProof proof;
    proof.permit = read_permit(in);
    in.fill(proof.joiner.bytes);
    in.fill(proof.sponsor.bytes);
    in.fill(proof.countersignature.bytes);
    entry.proof = proof;
  } else if (kind == kBySelf) {
    SelfProof proof;
    in.fill(proof.signature.bytes);
    entry.proof = proof;
  } else {
    in.fail();
  }
}

// What is wrong with a proof; nothing where it holds.
std::optional<std::string> fault(const std::string& cluster, const Member& member,
                                 const OperatorProof& proof) {
  const bool holds =
      verifies(proof.key, kEntryPurpose, member_body(cluster, member), proof.signature);
  return holds ? std::nullopt : std::optional<std::string>("its operator's signature is wrong");
}

std::optional<std::string> fault(const std::string& cluster, const Member& member,
                                 const TokenProof& proof) {
  if (!permit_verifies(cluster, proof.permit)) return "its token's signature is wrong";
  if (!joiner_verifies(cluster, member, proof.permit, proof.joiner)) {
    return "it was not signed with its token";
  }
  const Bytes body = sponsor_body(cluster, member, proof.permit, proof.joiner);
  if (!verifies(proof.sponsor, kSponsorPurpose, body, proof.countersignature)) {
    return "its sponsor's signature is wrong";
  }
  // Everything beyond joining once is for operators and the node itself to say.
  if (member.state != RosterState::kJoining || member.version != 1 ||
      member.letter != proof.permit.letter) {
    return "it says more than its token allows";
  }
  return std::nullopt;
}

std::optional<std::string> fault(const std::string& cluster, const Member& member,
                                 const SelfProof& proof) {
  if (member.state == RosterState::kRemoved) return "only an operator removes a node";
  if (member.version > kSelfVersionMax) return "a node gives itself no version so high";
  const bool holds =
      verifies(member.signing_key, kEntryPurpose, member_body(cluster, member), proof.signature);
  return holds ? std::nullopt : std::optional<std::string>("its own signature is wrong");
}

Bytes key_of(const Member& member, BytesView value) {
  Bytes key = crdt::record_key(kRosterKind, view_of(member.node_key.bytes));
  return key += view_of(blake2b({value})).substr(0, kKeyBytes);
}

}  // namespace

std::string_view name_of(RosterState state) {
  constexpr std::array<std::string_view, 4> kNames{"joining", "active", "draining", "removed"};
  return kNames.at(static_cast<std::size_t>(state));
}

Permit make_permit(const std::string& cluster, const SigningSeed& operator_seed, const TokenId& id,
                   crdt::WallTime expires, char letter, const VerifyKey& token_key) {
  Permit permit{id,
                std::chrono::floor<std::chrono::seconds>(expires),
                letter,
                token_key,
                verify_key_of(operator_seed),
                {}};
  permit.signature = sign(operator_seed, kPermitPurpose, permit_body(cluster, permit));
  return permit;
}

bool permit_verifies(const std::string& cluster, const Permit& permit) {
  return verifies(permit.operator_key, kPermitPurpose, permit_body(cluster, permit),
                  permit.signature);
}

RosterEntry sign_as_operator(const std::string& cluster, const Member& member,
                             const SigningSeed& seed) {
  const Signature signature = sign(seed, kEntryPurpose, member_body(cluster, member));
  return {member, OperatorProof{verify_key_of(seed), signature}};
}

RosterEntry sign_as_self(const std::string& cluster, const Member& member,
                         const SigningSeed& seed) {
  return {member, SelfProof{sign(seed, kEntryPurpose, member_body(cluster, member))}};
}

Signature sign_with_token(const std::string& cluster, const Member& member,
                          const SigningSeed& token_seed) {
  return sign(token_seed, kJoinerPurpose, member_body(cluster, member));
}

bool joiner_verifies(const std::string& cluster, const Member& member, const Permit& permit,
                     const Signature& joiner) {
  return verifies(permit.token_key, kJoinerPurpose, member_body(cluster, member), joiner);
}

RosterEntry countersign(const std::string& cluster, const Member& member, const Permit& permit,
                        const Signature& joiner, const SigningSeed& sponsor) {
  const Bytes body = sponsor_body(cluster, member, permit, joiner);
  return {member,
          TokenProof{permit, joiner, verify_key_of(sponsor), sign(sponsor, kSponsorPurpose, body)}};
}

Bytes encode(const Member& member) {
  ByteWriter out;
  out.octets(view_of(member.node_key.bytes)).octets(view_of(member.signing_key.bytes));
  out.short_run(member.name);
  out.short_run(member.address);
  out.octet(static_cast<std::uint8_t>(member.letter));
  out.octet(static_cast<std::uint8_t>(member.state));
  return out.varint(member.version).take();
}

Bytes encode(const Permit& permit) {
  ByteWriter out;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(permit.expires.time_since_epoch());
  out.octets(view_of(permit.id)).varint(static_cast<std::uint64_t>(seconds.count()));
  out.octet(static_cast<std::uint8_t>(permit.letter));
  out.octets(view_of(permit.token_key.bytes)).octets(view_of(permit.operator_key.bytes));
  return out.octets(view_of(permit.signature.bytes)).take();
}

Result<Member> decode_member(BytesView bytes) {
  ByteReader in(bytes);
  Member member = read_member(in);
  if (!in.at_end()) return Error("a roster member breaks a limit or is cut off");
  return member;
}

Result<Permit> decode_permit(BytesView bytes) {
  ByteReader in(bytes);
  const Permit permit = read_permit(in);
  if (!in.at_end() || encode(permit) != bytes) return Error("a permit is cut off");
  return permit;
}

crdt::Record to_record(const std::string& cluster, const RosterEntry& entry) {
  ByteWriter out;
  out.octets(member_body(cluster, entry.member));
  std::visit([&](const auto& proof) { write_proof(out, proof); }, entry.proof);
  Bytes value = out.take();
  CHECK(value.size() <= kEntryBytesMax);
  Bytes key = key_of(entry.member, value);
  return {std::move(key), std::move(value)};
}

Result<crdt::Record> to_record(BytesView value) {
  ByteReader in(value);
  static_cast<void>(read_text(in, kClusterNameBytesMax));
  const Member member = read_member(in);
  if (in.bad() || value.size() > kEntryBytesMax) return Error("this is no roster entry");
  return crdt::Record{key_of(member, value), Bytes(value)};
}

Result<RosterEntry> read_entry(const std::string& cluster, const crdt::Record& record) {
  if (record.value.size() > kEntryBytesMax) return Error("it is too long");
  ByteReader in(record.value);
  const std::string of = read_text(in, kClusterNameBytesMax);
  RosterEntry entry;
  entry.member = read_member(in);
  read_proof(in, entry);
  if (!in.at_end()) return Error("it breaks a limit or is cut off");
  if (of != cluster) return Error("it is of another cluster, " + of);
  // One entry has one encoding and one key, or its copies would differ between stores.
  if (to_record(cluster, entry) != record) return Error("it is not encoded as entries are");
  const auto wrong = std::visit(
      [&](const auto& proof) { return fault(cluster, entry.member, proof); }, entry.proof);
  if (wrong) return Error(*wrong);
  return entry;
}

std::string short_key(const PublicKey& key) { return to_hex(key).substr(0, 16); }
std::string short_id(const TokenId& id) { return crdt::to_hex(view_of(id)).substr(0, 16); }

}  // namespace gossip

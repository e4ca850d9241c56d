#include "gossip/invitation.h"

#include <utility>

#include "crdt/byte_io.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;
using crdt::Error;
using crdt::Result;

constexpr std::string_view kWithdrawalPurpose = "muster withdrawal 1";

// Behind the id in a record's key, and the value's first octet.
constexpr char kPermitMark = 'p';
constexpr char kWithdrawalMark = 'w';

Bytes withdrawal_body(const std::string& cluster, const TokenId& id) {
  return ByteWriter().short_run(cluster).octets(view_of(id)).take();
}

bool withdrawal_verifies(const std::string& cluster, const Withdrawal& withdrawal) {
  return verifies(withdrawal.operator_key, kWithdrawalPurpose,
                  withdrawal_body(cluster, withdrawal.id), withdrawal.signature);
}

Bytes key_of(const TokenId& id, char mark) {
  return crdt::record_key(kInvitationKind, view_of(id)) += mark;
}

Bytes value_of(const std::string& cluster, const Permit& permit) {
  ByteWriter out;
  out.octet(kPermitMark).short_run(cluster).octets(encode(permit));
  return out.take();
}

Bytes value_of(const std::string& cluster, const Withdrawal& withdrawal) {
  ByteWriter out;
  out.octet(kWithdrawalMark).short_run(cluster).octets(view_of(withdrawal.id));
  out.octets(view_of(withdrawal.operator_key.bytes)).octets(view_of(withdrawal.signature.bytes));
  return out.take();
}

struct Read {
  std::string cluster;
  Invitation invitation;
};

Result<Read> read_value(BytesView value) {
  const Error malformed("this is no invitation");
  ByteReader in(value);
  const char mark = static_cast<char>(in.octet());
  Read read{std::string(in.short_run(kClusterNameBytesMax)), {}};
  if (in.bad()) return malformed;
  if (mark == kPermitMark) {
    const auto permit = decode_permit(in.octets(in.left()));
    if (!permit) return permit.error();
    read.invitation = *permit;
    return read;
  }
  Withdrawal withdrawal;
  in.fill(withdrawal.id).fill(withdrawal.operator_key.bytes).fill(withdrawal.signature.bytes);
  if (mark != kWithdrawalMark || !in.at_end()) return malformed;
  read.invitation = withdrawal;
  return read;
}

}  // namespace

Withdrawal withdraw(const std::string& cluster, const SigningSeed& operator_seed,
                    const TokenId& id) {
  return {id, verify_key_of(operator_seed),
          sign(operator_seed, kWithdrawalPurpose, withdrawal_body(cluster, id))};
}

crdt::Record to_record(const std::string& cluster, const Invitation& invitation) {
  const bool permits = std::holds_alternative<Permit>(invitation);
  return std::visit(
      [&](const auto& kind) -> crdt::Record {
        return {key_of(kind.id, permits ? kPermitMark : kWithdrawalMark), value_of(cluster, kind)};
      },
      invitation);
}

Result<crdt::Record> invitation_record(BytesView value) {
  const auto read = read_value(value);
  if (!read) return read.error();
  return to_record(read->cluster, read->invitation);
}

Result<Invitation> read_invitation(const std::string& cluster, const crdt::Record& record) {
  auto read = read_value(record.value);
  if (!read) return read.error();
  if (read->cluster != cluster) return Error("it is of another cluster, " + read->cluster);
  if (to_record(cluster, read->invitation) != record) {
    return Error("it is not encoded as invitations are");
  }
  const auto* permit = std::get_if<Permit>(&read->invitation);
  const bool holds = permit != nullptr
                         ? permit_verifies(cluster, *permit)
                         : withdrawal_verifies(cluster, std::get<Withdrawal>(read->invitation));
  if (!holds) return Error("its operator's signature is wrong");
  return read->invitation;
}

}  // namespace gossip

#include "node/replica_records.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "crdt/byte_io.h"
#include "crdt/handled_set.h"
#include "crdt/keyspace.h"
#include "crdt/ksuid.h"

namespace node {
namespace {

constexpr std::size_t kNumbersBytes = 20;  // Two lengths of runs below 2 MiB, time and document.

crdt::Bytes request_key(crdt::ReplicaId handler, crdt::BytesView event) {
  return crdt::record_key(kRequestKind, crdt::big_endian(handler.value).append(event));
}

// What follows the answer and the detail; the epoch in records that do not say.
crdt::Origin read_origin(crdt::ByteReader& in) {
  crdt::Origin origin;
  if (in.left() == 0) return origin;
  constexpr std::uint64_t kSecondsMax = 1ull << 40;  // Later is nobody's clock, and fits.
  origin.made = crdt::WallTime(std::chrono::seconds(std::min(in.varint(), kSecondsMax)));
  origin.document = in.number();
  return origin;
}

std::optional<crdt::Origin> origin_of_timeline(crdt::BytesView key) {
  if (key.size() < 2 + crdt::kKsuidBytes) return std::nullopt;
  const std::size_t document = key.size() - 2 - crdt::kKsuidBytes;  // Behind the kind, before 00.
  const auto id = crdt::ksuid_from_bytes(key.substr(key.size() - crdt::kKsuidBytes));
  if (!id || key[1 + document] != '\0') return std::nullopt;
  return crdt::Origin{crdt::time_of(*id), crdt::document_id(key.substr(1, document))};
}

}  // namespace

crdt::Record timeline_record(std::string_view document_key, crdt::WallTime asked,
                             const crdt::RequestId& id, crdt::Bytes entry) {
  crdt::Bytes key;
  key.reserve(1 + document_key.size() + 1 + crdt::kKsuidBytes);
  key.append(1, kTimelineKind).append(document_key).append(1, '\0');
  key.append(crdt::to_bytes(crdt::ksuid_at(asked, id)));
  return {std::move(key), std::move(entry)};
}

crdt::Record request_record(crdt::ReplicaId handler, std::uint64_t event,
                            const Handling& handling) {
  crdt::ByteWriter out;
  out.reserve(handling.answer.size() + handling.detail.size() + kNumbersBytes);
  out.short_run(handling.answer).short_run(handling.detail);
  const auto made =
      std::chrono::floor<std::chrono::seconds>(handling.origin.made.time_since_epoch());
  if (made.count() > 0) {
    out.varint(static_cast<std::uint64_t>(made.count())).number(handling.origin.document);
  }
  return {request_key(handler, crdt::big_endian(event)), out.take()};
}

std::optional<crdt::Origin> origin_of(crdt::BytesView key, crdt::BytesView value) {
  if (crdt::kind_of(key) == kTimelineKind) return origin_of_timeline(key);
  if (crdt::kind_of(key) != kRequestKind) return std::nullopt;
  crdt::ByteReader in(value);
  std::ignore = in.short_run();
  std::ignore = in.short_run();
  const crdt::Origin origin = read_origin(in);
  if (!in.at_end() || origin.made == crdt::WallTime{}) return std::nullopt;
  return origin;
}

crdt::Result<std::optional<Handling>> find_handling(crdt::Repository& repository,
                                                    const crdt::Document& document,
                                                    const crdt::RequestId& id) {
  // The mark's dot names the handler and its value the event: together the record's key. Peers
  // write marks: one that makes no key leads nowhere.
  for (const crdt::Leaf& mark : crdt::handled_marks(document, id)) {
    if (mark.value.size() != sizeof(std::uint64_t)) continue;
    const auto value = repository.record(request_key(mark.dot.replica, mark.value));
    if (!value) return value.error();
    if (!*value) continue;
    crdt::ByteReader in(**value);
    Handling handling;
    handling.answer = in.short_run();
    handling.detail = in.short_run();
    handling.origin = read_origin(in);
    if (in.at_end()) return std::optional(std::move(handling));
  }
  return std::optional<Handling>();
}

}  // namespace node

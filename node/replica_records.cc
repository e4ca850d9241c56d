#include "node/replica_records.h"

#include "crdt/byte_io.h"
#include "crdt/handled_set.h"
#include "crdt/keyspace.h"
#include "crdt/ksuid.h"

namespace node {
namespace {

constexpr std::size_t kRunLengthsBytes = 6;  // Two, of runs below 2 MiB.

crdt::Bytes request_key(crdt::ReplicaId handler, crdt::BytesView event) {
  return crdt::record_key(kRequestKind, crdt::big_endian(handler.value).append(event));
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
  return {request_key(handler, crdt::big_endian(event)),
          crdt::ByteWriter()
              .reserve(handling.answer.size() + handling.detail.size() + kRunLengthsBytes)
              .short_run(handling.answer)
              .short_run(handling.detail)
              .take()};
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
    if (in.at_end()) return std::optional(std::move(handling));
  }
  return std::optional<Handling>();
}

}  // namespace node

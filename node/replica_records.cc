#include "node/replica_records.h"

#include "crdt/byte_io.h"
#include "crdt/handled_set.h"
#include "crdt/ksuid.h"

namespace node {
namespace {

crdt::Bytes request_key(std::int64_t asked_micros, const crdt::RequestId& id,
                        crdt::ReplicaId handler) {
  return crdt::record_key(kRequestKind, crdt::ByteWriter()
                                            .number(static_cast<std::uint64_t>(asked_micros))
                                            .number(id.high)
                                            .number(id.low)
                                            .number(handler.value)
                                            .take());
}

}  // namespace

crdt::Record timeline_record(std::string_view document_key, crdt::WallTime asked,
                             const crdt::RequestId& id, crdt::Bytes entry) {
  crdt::Bytes ordered(document_key);
  ordered.push_back('\0');
  ordered += crdt::to_bytes(crdt::ksuid_at(asked, id));
  return {crdt::record_key(kTimelineKind, ordered), std::move(entry)};
}

crdt::Record request_record(crdt::WallTime asked, const crdt::RequestId& id,
                            crdt::ReplicaId handler, const Handling& handling) {
  return {request_key(asked.time_since_epoch().count(), id, handler),
          crdt::ByteWriter().run(handling.answer).run(handling.detail).take()};
}

crdt::Result<std::optional<Handling>> find_handling(crdt::Repository& repository,
                                                    const crdt::Document& document,
                                                    const crdt::RequestId& id) {
  // The mark's rank is the time asked and its dot names the handler: together the record's key.
  for (const crdt::Leaf& mark : document.at(crdt::handled_path(id))) {
    const auto value = repository.record(request_key(mark.rank.micros, id, mark.dot.replica));
    if (!value) return value.error();
    if (!*value) continue;
    crdt::ByteReader in(**value);
    Handling handling;
    handling.answer = in.run();
    handling.detail = in.run();
    if (in.at_end()) return std::optional(std::move(handling));
  }
  return std::optional<Handling>();
}

}  // namespace node

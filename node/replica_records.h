// The records that a Slack request leaves beside the document it changed.
//
// Shape    timeline  kind 't', document key, 00, Ksuid: every byte from the request alone, so equal
//                    on every peer that handles it. Folds read these.
//          request   kind 'q', replica id, event: the answer given and the old and new values. One
//                    for each replica that handled the request; no fold counts them. Its place is
//                    the replica's own count of events, not the request's id, so that a busy peer
//                    appends to its store instead of scattering; the handled mark leads back to it.
//          Both say when they were made and to which document they belong: retention goes by that
//          (crdt/horizon.h). A request record that does not is of an earlier version, and kept.
// Units    replica id and event are 8 octets big-endian; times are whole seconds, as Slack signed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/dot.h"
#include "crdt/horizon.h"
#include "crdt/instant.h"
#include "crdt/record.h"
#include "crdt/repository.h"
#include "crdt/request_id.h"

namespace node {

inline constexpr char kTimelineKind = 't';
inline constexpr char kRequestKind = 'q';

[[nodiscard]] crdt::Record timeline_record(std::string_view document_key, crdt::WallTime asked,
                                           const crdt::RequestId& id, crdt::Bytes entry);

// What a request record holds.
struct Handling {
  std::string answer;   // What was answered, for slack::reply_again().
  std::string detail;   // What this replica changed.
  crdt::Origin origin;  // When Slack signed the request, and the document that was changed.

  bool operator==(const Handling&) const = default;
};

[[nodiscard]] crdt::Record request_record(crdt::ReplicaId handler, std::uint64_t event,
                                          const Handling& handling);

// What retention has to know of a record; nothing for kinds that are kept for ever.
[[nodiscard]] std::optional<crdt::Origin> origin_of(crdt::BytesView key, crdt::BytesView value);

// What was answered when `document` took this request, if it did and the record is here. Where
// several replicas handled it, every peer picks the same one.
[[nodiscard]] crdt::Result<std::optional<Handling>> find_handling(crdt::Repository& repository,
                                                                  const crdt::Document& document,
                                                                  const crdt::RequestId& id);

}  // namespace node

// ChangeWire: the bodies of the messages that go to every peer about every change, Push and Pushed.
// Everything else is said once a link or once a repair and is Cap'n Proto (gossip/wire.h).
//
// Shape    push    seq; 2 * number of deltas, plus 1 if first-hand; each delta: a reference to its
//                  document's key (crdt/compact_names.h), then crdt/compact_delta.h; to the end,
//                  each record: length, key, length, value
//          pushed  to the end, each seq less the one before, zigzag
//          Numbers are varints. A later version that needs more sends a kind of message of its own.
// Size     as the names below, and kListMax.
// Errors   as gossip/wire.h.
#pragma once

#include "crdt/bytes.h"
#include "crdt/compact_names.h"
#include "crdt/record.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

// Leaves written and killed by all deltas of one Push. A leaf of three octets takes a few hundred
// in memory: this bounds what one Push can grow to.
inline constexpr std::size_t kPushDotsMax = 16'384;

[[nodiscard]] crdt::Bytes push_body(std::uint64_t seq, bool firsthand, const crdt::Change& change,
                                    crdt::SentNames& names);
[[nodiscard]] crdt::Bytes pushed_body(const Pushed& pushed);

[[nodiscard]] crdt::Result<Push> decode_push(crdt::BytesView body, const crdt::HeardNames& names);
[[nodiscard]] crdt::Result<Pushed> decode_pushed(crdt::BytesView body);

// Whether `change` keeps what a Push is held to, but for the frame's size. If not, it is offered by
// name and fetched in parts.
[[nodiscard]] bool fits_push(const crdt::Change& change);

// Whether a peer may send a record of this size.
[[nodiscard]] inline bool record_fits(std::size_t key_bytes, std::size_t value_bytes) {
  return key_bytes > 0 && key_bytes <= crdt::kRecordKeyBytesMax &&
         value_bytes <= crdt::kRecordValueBytesMax;
}

}  // namespace gossip

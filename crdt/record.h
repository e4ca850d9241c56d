// Record: an immutable fact under an ordered key: a timeline event, a request record, a picture.
//
// Shape    the key's first octet is the record's kind; the rest sorts as the records should be read
//          (a KSUID, a content hash). The value is the kind's own. Records replicate by union of
//          keys.
// Size     kRecordKeyBytesMax and kRecordValueBytesMax bound what a peer may send.
// Laws     union commutes, associates and is idempotent even where a peer breaks the rule that
//          equal keys have equal values; then the greater value wins: tests/crdt/record_test.cc.
#pragma once

#include <cstddef>

#include "crdt/bytes.h"

namespace crdt {

inline constexpr std::size_t kRecordKeyBytesMax = 255;  // LMDB keys end at 511; room for a prefix.
// A 1,024 x 1,024 picture fits, and a record fits a frame (gossip/secure_channel.h).
inline constexpr std::size_t kRecordValueBytesMax = 1'048'576;

struct Record {
  Bytes key;
  Bytes value;

  bool operator==(const Record&) const = default;
};

[[nodiscard]] inline Bytes record_key(char kind, BytesView ordered) {
  return Bytes(1, kind) += ordered;
}

// REQUIRES a key that is not empty, which the codec has seen to.
[[nodiscard]] inline char kind_of(BytesView key) { return key.front(); }

// Whether `candidate` takes the place of `held` under their common key. False for equal values: a
// record that is already there is no news.
[[nodiscard]] inline bool replaces(BytesView candidate, BytesView held) { return candidate > held; }

}  // namespace crdt

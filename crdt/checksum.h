// Checksum: finds stored values that a disk, a bad copy or a stray write has changed.
//
// Shape    value, then the 8 octets of its hash64 (crdt/hash64.h), big-endian. It guards against
//          accidents, not against people: whoever can write the store can write the sum.
// Errors   a value too short to hold a sum, or with a wrong one, is an Error: the store is damaged.
#pragma once

#include "crdt/bytes.h"
#include "crdt/result.h"

namespace crdt {

inline constexpr std::size_t kChecksumBytes = 8;  // 1 damage in 2^64 goes unseen.

// `value` with its checksum behind it.
[[nodiscard]] Bytes seal_value(Bytes value);

// Puts the checksum of what lies behind octet `from` at its end.
void append_checksum(Bytes& out, std::size_t from);

// The value inside `sealed`: a view of it, valid as long as `sealed` is.
[[nodiscard]] Result<BytesView> open_value(BytesView sealed);

}  // namespace crdt

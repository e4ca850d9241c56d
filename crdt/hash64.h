// Hash64: 64 bits of XXH3 over bytes, for checksums and digests.
//
// It finds accidents, not attackers: whoever wants two values of one hash can make them. It is read
// over every octet that is stored, and costs a tenth of what SipHash does.
//
// Source   xxHash 0.8, XXH3_64bits without a seed: its output is fixed for ever since 0.8.0.
#pragma once

#include <cstdint>

#include "crdt/bytes.h"

namespace crdt {

[[nodiscard]] std::uint64_t hash64(BytesView bytes);

}  // namespace crdt

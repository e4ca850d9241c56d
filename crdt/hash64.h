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

// The finisher of SplitMix64: every bit of the input moves every bit of the output.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace crdt

// StateHash: equal for equal documents. Peers with equal vectors and unequal hashes have found a
// bug or a forged dot.
//
// Shape    128 bits of BLAKE2b over the context, then every live leaf in the order of dots; each
//          number as 8 big-endian octets, each string with its length before it. The form is part
//          of the wire version: peers compare it.
#pragma once

#include <compare>
#include <cstdint>

#include "crdt/document.h"

namespace crdt {

struct StateHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const StateHash&) const = default;
};

[[nodiscard]] StateHash state_hash(const Document& document);

}  // namespace crdt

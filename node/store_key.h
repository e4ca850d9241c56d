// The keys a store takes: the same rule for every implementation, so that what runs in simulation
// runs on LMDB.
#pragma once

#include <cstddef>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace node {

inline constexpr std::size_t kStoreKeyBytesMax = 511;  // LMDB's, as Debian compiles it.

// Not empty, not too long; a leading zero octet marks the store's own keys.
inline void check_store_key(crdt::BytesView key) {
  CHECK(!key.empty());
  CHECK(key.size() <= kStoreKeyBytesMax);
  CHECK(key.front() != '\0');
}

}  // namespace node

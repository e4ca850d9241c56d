#include "crdt/hash64.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace crdt {

std::uint64_t hash64(BytesView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace crdt

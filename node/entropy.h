// Entropy: seeds from the kernel, the root of every random number of a production node.
#pragma once

#include "crdt/rng.h"

namespace node {

// 32 octets of getrandom(2). Waits, once after boot, until the kernel has gathered enough.
[[nodiscard]] crdt::Rng::Seed seed_from_system();

}  // namespace node

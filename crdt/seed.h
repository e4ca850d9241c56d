// A seed for one Rng, drawn from another: so that what the one draws does not depend on the other.
#pragma once

#include "crdt/rng.h"

namespace crdt {

[[nodiscard]] inline Rng::Seed draw_seed(Rng& rng) {
  Rng::Seed seed;
  rng.fill(seed);
  return seed;
}

}  // namespace crdt

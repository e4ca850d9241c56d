// Seeds for crdt::Rng in tests: from a number that a failing run prints, and from another Rng.
#pragma once

#include <cstdint>

#include "crdt/rng.h"

namespace tests {

inline crdt::Rng::Seed seed_of(std::uint64_t number) {
  crdt::Rng::Seed seed{};
  for (std::size_t i = 0; i < 8; ++i) seed[i] = number >> (8 * i) & 255;
  return seed;
}

inline crdt::Rng::Seed draw_seed(crdt::Rng& rng) {
  crdt::Rng::Seed seed;
  rng.fill(seed);
  return seed;
}

}  // namespace tests

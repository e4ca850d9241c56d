// Seeds for crdt::Rng in tests: from a number that a failing run prints, and from another Rng.
#pragma once

#include <cstdint>

#include "crdt/rng.h"
#include "crdt/seed.h"

namespace tests {

inline crdt::Rng::Seed seed_of(std::uint64_t number) {
  crdt::Rng::Seed seed{};
  for (std::size_t i = 0; i < 8; ++i) seed[i] = number >> (8 * i) & 255;
  return seed;
}

using crdt::draw_seed;

}  // namespace tests

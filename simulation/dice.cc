#include "simulation/dice.h"

#include <algorithm>
#include <bit>

namespace simulation {
namespace {

crdt::Rng::Seed seed_of(std::uint64_t seed, std::string_view purpose, std::uint64_t index) {
  crdt::Rng::Seed bytes{};
  CHECK(purpose.size() <= bytes.size() - 16);
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = seed >> (8 * i) & 255;
  for (std::size_t i = 0; i < 8; ++i) bytes[8 + i] = index >> (8 * i) & 255;
  std::copy(purpose.begin(), purpose.end(), bytes.begin() + 16);
  return bytes;
}

}  // namespace

Dice::Dice(std::uint64_t seed, std::string_view purpose, std::uint64_t index)
    : rng_(seed_of(seed, purpose, index)) {}

Duration Dice::between(Duration low, Duration high) {
  return low + Duration(rng_.below(static_cast<std::uint64_t>((high - low).count()) + 1));
}

Duration Dice::exponential(Duration mean) {
  // -log2(u) for u = 64 random bits: the leading zeros, less the fraction that follows them. Its
  // mean is 1.5: 0.5 more than that of the true logarithm's whole part.
  const std::uint64_t bits = rng_.next() | 1;
  const int zeros = std::min(std::countl_zero(bits), 58);
  const std::uint64_t fraction = bits << (zeros + 1) >> 54;  // 10 bits.
  const auto log2_in_1024 = static_cast<std::int64_t>((zeros + 1) * 1024 - fraction);
  return Duration(mean.count() * log2_in_1024 / 1536);
}

crdt::Rng::Seed Dice::seed() {
  crdt::Rng::Seed bytes;
  rng_.fill(bytes);
  return bytes;
}

}  // namespace simulation

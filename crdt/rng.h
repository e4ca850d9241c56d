// Rng: the only source of randomness in the pure set, handed in at construction.
//
// Shape    ChaCha20 (IETF, libsodium) in counter mode under a 32-byte seed. In production the seed
//          comes from getrandom, in simulation from the run's seed: the same bytes, the same run.
// Laws     two Rngs of one seed give one stream, however it is cut into calls.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace crdt {

class Rng {
 public:
  using Seed = std::array<std::uint8_t, 32>;

  explicit Rng(const Seed& seed) : seed_(seed) {}

  void fill(std::span<std::uint8_t> out);

  // Uniform over all 2^64 values.
  std::uint64_t next();

  // Uniform in [0, bound), without modulo bias. REQUIRES bound > 0.
  std::uint64_t below(std::uint64_t bound);

 private:
  static constexpr std::size_t kBlockBytes = 512;  // A few requests' worth; one cipher call each.

  void refill();

  Seed seed_;
  std::uint64_t blocks_drawn_ = 0;
  std::array<std::uint8_t, kBlockBytes> block_{};
  std::size_t used_ = kBlockBytes;
};

}  // namespace crdt

#include "crdt/rng.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "crdt/check.h"

namespace crdt {

void Rng::refill() {
  // The nonce counts blocks of kBlockBytes: 2^64 of them outlast any process.
  std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce{};
  static_assert(sizeof(blocks_drawn_) == crypto_stream_chacha20_NONCEBYTES);
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = (blocks_drawn_ >> (8 * i)) & 255;
  ++blocks_drawn_;
  CHECK(crypto_stream_chacha20(block_.data(), block_.size(), nonce.data(), seed_.data()) == 0);
  used_ = 0;
}

void Rng::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    if (used_ == block_.size()) refill();
    const std::size_t count = std::min(out.size(), block_.size() - used_);
    std::memcpy(out.data(), block_.data() + used_, count);
    used_ += count;
    out = out.subspan(count);
  }
}

std::uint64_t Rng::next() {
  std::array<std::uint8_t, 8> octets;
  fill(octets);
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  CHECK(bound > 0);
  // Values past the last whole multiple of bound would favour small results: draw again.
  const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / bound * bound;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

}  // namespace crdt

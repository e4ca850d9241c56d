#include "gossip/noise_hash.h"

#include <sodium.h>

#include "crdt/check.h"

namespace gossip {

using crdt::BytesView;

namespace {

constexpr std::size_t kBlockBytes = 128;  // BLAKE2b's block: HMAC pads its key to this.

class Hasher {
 public:
  Hasher() { CHECK(crypto_generichash_init(&state_, nullptr, 0, kHashBytes) == 0); }
  ~Hasher() { sodium_memzero(&state_, sizeof state_); }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void add(BytesView bytes) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    CHECK(crypto_generichash_update(&state_, data, bytes.size()) == 0);
  }

  void finish(std::span<std::uint8_t, kHashBytes> out) {
    CHECK(crypto_generichash_final(&state_, out.data(), out.size()) == 0);
  }

 private:
  crypto_generichash_state state_;
};

Secret<struct PadTag, kBlockBytes> padded(const HashSecret& key, std::uint8_t pad) {
  Secret<struct PadTag, kBlockBytes> block;
  block.bytes.fill(pad);
  for (std::size_t i = 0; i < kHashBytes; ++i) block.bytes[i] ^= key.bytes[i];
  return block;
}

}  // namespace

Hash blake2b(std::initializer_list<BytesView> parts) {
  Hasher hasher;
  for (const BytesView part : parts) hasher.add(part);
  Hash result;
  hasher.finish(result);
  return result;
}

HashSecret hmac_blake2b(const HashSecret& key, std::initializer_list<BytesView> parts) {
  const auto inner_pad = padded(key, 0x36);  // RFC 2104 names both.
  const auto outer_pad = padded(key, 0x5c);
  HashSecret digest;
  Hasher inner;
  inner.add(view_of(inner_pad.bytes));
  for (const BytesView part : parts) inner.add(part);
  inner.finish(digest.bytes);
  Hasher outer;
  outer.add(view_of(outer_pad.bytes));
  outer.add(view_of(digest.bytes));
  outer.finish(digest.bytes);
  return digest;
}

std::array<HashSecret, 3> hkdf_blake2b(const HashSecret& chaining_key, BytesView input) {
  const HashSecret temporary = hmac_blake2b(chaining_key, {input});
  std::array<HashSecret, 3> outputs;
  outputs[0] = hmac_blake2b(temporary, {"\x01"});
  outputs[1] = hmac_blake2b(temporary, {view_of(outputs[0].bytes), "\x02"});
  outputs[2] = hmac_blake2b(temporary, {view_of(outputs[1].bytes), "\x03"});
  return outputs;
}

}  // namespace gossip

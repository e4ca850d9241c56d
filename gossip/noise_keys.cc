#include "gossip/noise_keys.h"

#include <sodium.h>

#include <algorithm>

#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::Error;
using crdt::Result;

static_assert(crypto_scalarmult_BYTES == kKeyBytes && crypto_scalarmult_SCALARBYTES == kKeyBytes);

namespace {

template <class Key>
Result<Key> key_from_hex(std::string_view text) {
  Bytes octets = crdt::from_hex(text);
  const bool whole = octets.size() == kKeyBytes;
  Key key;
  if (whole) std::copy(octets.begin(), octets.end(), key.bytes.begin());
  sodium_memzero(octets.data(), octets.size());
  if (!whole) return Error{"a key is 64 hexadecimal digits"};
  return key;
}

}  // namespace

void wipe(std::span<std::uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(const PublicKey& key) { return crdt::to_hex(view_of(key.bytes)); }

std::string exposed_hex(const PrivateKey& key) { return crdt::to_hex(view_of(key.bytes)); }

Result<PublicKey> public_key_from_hex(std::string_view text) {
  return key_from_hex<PublicKey>(text);
}

Result<PrivateKey> private_key_from_hex(std::string_view text) {
  return key_from_hex<PrivateKey>(text);
}

PrivateKey draw_private_key(crdt::Rng& rng) {
  PrivateKey key;
  rng.fill(key.bytes);
  return key;
}

PublicKey public_key_of(const PrivateKey& key) {
  PublicKey result;
  CHECK(crypto_scalarmult_base(result.bytes.data(), key.bytes.data()) == 0);
  return result;
}

Result<SharedSecret> diffie_hellman(const PrivateKey& mine, const PublicKey& theirs) {
  SharedSecret shared;
  if (crypto_scalarmult(shared.bytes.data(), mine.bytes.data(), theirs.bytes.data()) != 0) {
    return Error{"the peer's key is a point of low order"};
  }
  return shared;
}

}  // namespace gossip

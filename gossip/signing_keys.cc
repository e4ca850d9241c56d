#include "gossip/signing_keys.h"

#include <sodium.h>

#include <algorithm>

#include "crdt/byte_io.h"
#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;

static_assert(crypto_sign_SEEDBYTES == kKeyBytes && crypto_sign_PUBLICKEYBYTES == kKeyBytes);
static_assert(crypto_sign_BYTES == kSignatureBytes);

namespace {

struct KeyPair {
  VerifyKey verify;
  Secret<struct SignKeyTag, crypto_sign_SECRETKEYBYTES> sign;
};

KeyPair pair_of(const SigningSeed& seed) {
  KeyPair pair;
  CHECK(crypto_sign_seed_keypair(pair.verify.bytes.data(), pair.sign.bytes.data(),
                                 seed.bytes.data()) == 0);
  return pair;
}

const std::uint8_t* octets(BytesView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

Bytes signed_bytes(std::string_view purpose, BytesView bytes) {
  return crdt::ByteWriter().run(purpose).octets(bytes).take();
}

// Keyed BLAKE2b, which is a MAC and so a key derivation function.
void derive(std::span<std::uint8_t> out, std::span<const std::uint8_t> key, BytesView subject) {
  CHECK(crypto_generichash(out.data(), out.size(), octets(subject), subject.size(), key.data(),
                           key.size()) == 0);
}

}  // namespace

SigningSeed draw_signing_seed(crdt::Rng& rng) {
  SigningSeed seed;
  rng.fill(seed.bytes);
  return seed;
}

SigningSeed signing_seed_of(const PrivateKey& identity) {
  SigningSeed seed;
  derive(seed.bytes, identity.bytes, "muster signing seed");
  return seed;
}

VerifyKey verify_key_of(const SigningSeed& seed) { return pair_of(seed).verify; }

Signature sign(const SigningSeed& seed, std::string_view purpose, BytesView bytes) {
  const KeyPair pair = pair_of(seed);
  const Bytes text = signed_bytes(purpose, bytes);
  Signature signature;
  CHECK(crypto_sign_detached(signature.bytes.data(), nullptr, octets(text), text.size(),
                             pair.sign.bytes.data()) == 0);
  return signature;
}

bool verifies(const VerifyKey& key, std::string_view purpose, BytesView bytes,
              const Signature& signature) {
  const Bytes text = signed_bytes(purpose, bytes);
  return crypto_sign_verify_detached(signature.bytes.data(), octets(text), text.size(),
                                     key.bytes.data()) == 0;
}

std::string to_hex(const VerifyKey& key) { return crdt::to_hex(view_of(key.bytes)); }

std::string exposed_hex(const SigningSeed& seed) { return crdt::to_hex(view_of(seed.bytes)); }

crdt::Result<VerifyKey> verify_key_from_hex(std::string_view text) {
  const auto key = public_key_from_hex(text);
  if (!key) return key.error();
  return VerifyKey{key->bytes};
}

crdt::Result<SigningSeed> signing_seed_from_hex(std::string_view text) {
  const auto key = private_key_from_hex(text);
  if (!key) return key.error();
  SigningSeed seed;
  seed.bytes = key->bytes;
  return seed;
}

PreSharedKey derive_key(const PreSharedKey& secret, std::string_view purpose, BytesView subject) {
  PreSharedKey key;
  derive(key.bytes, secret.bytes, crdt::ByteWriter().run(purpose).octets(subject).take());
  return key;
}

}  // namespace gossip

#include "gossip/noise_cipher.h"

#include <sodium.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Error;
using crdt::Result;

static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == kKeyBytes);
static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == kTagBytes);

namespace {

constexpr std::uint64_t kRekeyNonce = std::numeric_limits<std::uint64_t>::max();  // Noise, 4.2.

using Nonce = std::array<unsigned char, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

Nonce nonce_octets(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[4 + i] = static_cast<unsigned char>(counter >> (8 * i));
  }
  return nonce;
}

const unsigned char* octets(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Bytes seal(const CipherKey& key, std::uint64_t counter, BytesView associated, BytesView plaintext) {
  const Nonce nonce = nonce_octets(counter);
  Bytes result(plaintext.size() + kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(result.data());
  CHECK(crypto_aead_chacha20poly1305_ietf_encrypt(out, nullptr, octets(plaintext), plaintext.size(),
                                                  octets(associated), associated.size(), nullptr,
                                                  nonce.data(), key.bytes.data()) == 0);
  return result;
}

}  // namespace

Result<Bytes> CipherState::encrypt(BytesView associated, BytesView plaintext) {
  if (nonce_ == kRekeyNonce) return Error{"the cipher has used all its nonces"};
  return {boost::system::in_place_value, seal(key_, nonce_++, associated, plaintext)};
}

Result<Bytes> CipherState::decrypt(BytesView associated, BytesView ciphertext) {
  if (nonce_ == kRekeyNonce) return Error{"the cipher has used all its nonces"};
  if (ciphertext.size() < kTagBytes) return Error{"a message is too short to authenticate"};
  const Nonce nonce = nonce_octets(nonce_);
  Bytes result(ciphertext.size() - kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(result.data());
  if (crypto_aead_chacha20poly1305_ietf_decrypt(
          out, nullptr, nullptr, octets(ciphertext), ciphertext.size(), octets(associated),
          associated.size(), nonce.data(), key_.bytes.data()) != 0) {
    return Error{"a message does not authenticate"};
  }
  ++nonce_;
  return {boost::system::in_place_value, std::move(result)};
}

void CipherState::rekey() {
  const Bytes zeros(kKeyBytes, '\0');
  Bytes next = seal(key_, kRekeyNonce, {}, zeros);
  std::copy_n(next.begin(), kKeyBytes, key_.bytes.begin());
  sodium_memzero(next.data(), next.size());
}

}  // namespace gossip

#include "gossip/noise_symmetric.h"

#include <algorithm>

#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Result;

namespace {

// Noise truncates an HKDF output of HASHLEN octets to a key of 32.
CipherState cipher_from(const HashSecret& output) {
  CipherKey key;
  std::copy_n(output.bytes.begin(), kKeyBytes, key.bytes.begin());
  return CipherState(key);
}

}  // namespace

SymmetricState::SymmetricState(std::string_view protocol_name) {
  CHECK(protocol_name.size() <= kHashBytes);
  std::copy(protocol_name.begin(), protocol_name.end(), hash_.begin());
  chaining_key_.bytes = hash_;
}

void SymmetricState::mix_hash(BytesView data) { hash_ = blake2b({view_of(hash_), data}); }

void SymmetricState::mix_key(BytesView input) {
  const auto outputs = hkdf_blake2b(chaining_key_, input);
  chaining_key_ = outputs[0];
  cipher_ = cipher_from(outputs[1]);
}

void SymmetricState::mix_key_and_hash(BytesView input) {
  const auto outputs = hkdf_blake2b(chaining_key_, input);
  chaining_key_ = outputs[0];
  mix_hash(view_of(outputs[1].bytes));
  cipher_ = cipher_from(outputs[2]);
}

Bytes SymmetricState::encrypt_and_hash(BytesView plaintext) {
  Bytes ciphertext(plaintext);
  if (cipher_) {
    Result<Bytes> sealed = cipher_->encrypt(view_of(hash_), plaintext);
    CHECK(sealed.has_value());  // A handshake draws a handful of nonces.
    ciphertext = std::move(*sealed);
  }
  mix_hash(ciphertext);
  return ciphertext;
}

Result<Bytes> SymmetricState::decrypt_and_hash(BytesView ciphertext) {
  Bytes plaintext(ciphertext);
  if (cipher_) {
    Result<Bytes> opened = cipher_->decrypt(view_of(hash_), ciphertext);
    if (!opened) return opened.error();
    plaintext = std::move(*opened);
  }
  mix_hash(ciphertext);
  return {boost::system::in_place_value, std::move(plaintext)};
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
  const auto outputs = hkdf_blake2b(chaining_key_, {});
  return {cipher_from(outputs[0]), cipher_from(outputs[1])};
}

}  // namespace gossip

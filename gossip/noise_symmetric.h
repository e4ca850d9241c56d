// SymmetricState: the running hash and chaining key of a handshake, and the cipher keyed from them.
//
// Shape    everything said so far is in the hash, and the hash is authenticated with everything
//          that follows; every Diffie-Hellman result and pre-shared key is in the chaining key.
// Errors   a failed decrypt_and_hash changes nothing, and the handshake cannot go on after it.
// Source   Noise Protocol Framework, revision 34, section 5.2.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "gossip/noise_cipher.h"
#include "gossip/noise_hash.h"

namespace gossip {

class SymmetricState {
 public:
  // REQUIRES protocol_name.size() <= kHashBytes: the longer form is not needed here.
  explicit SymmetricState(std::string_view protocol_name);

  void mix_hash(crdt::BytesView data);
  void mix_key(crdt::BytesView input);
  void mix_key_and_hash(crdt::BytesView input);

  // Until the first mix_key both are the identity, and the text is in the clear.
  [[nodiscard]] crdt::Bytes encrypt_and_hash(crdt::BytesView plaintext);
  [[nodiscard]] crdt::Result<crdt::Bytes> decrypt_and_hash(crdt::BytesView ciphertext);

  [[nodiscard]] bool has_key() const { return cipher_.has_value(); }
  [[nodiscard]] const Hash& hash() const { return hash_; }

  // The ciphers of the transport: first initiator to responder, then back.
  [[nodiscard]] std::pair<CipherState, CipherState> split() const;

 private:
  HashSecret chaining_key_;
  Hash hash_{};
  std::optional<CipherState> cipher_;
};

}  // namespace gossip

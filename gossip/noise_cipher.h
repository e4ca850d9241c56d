// CipherState: one key and its message counter; ChaCha20-Poly1305 for one direction.
//
// Shape    the nonce is the counter: 4 zero octets, then 8 little-endian. It is never sent, so a
//          message that is lost, repeated or moved does not authenticate.
// Size     a ciphertext is kTagBytes longer than its plaintext.
// Laws     no copies: two states of one key would repeat a nonce. Of a moved-from state only the
//          destructor may be called.
// Errors   a failed call changes nothing. The last counter value is reserved for rekey(); reaching
//          it is an error for good, rekeyed or not.
// Source   Noise Protocol Framework, revision 34, sections 5.1, 11.3 and 12.3.
#pragma once

#include <cstdint>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "gossip/noise_keys.h"

namespace gossip {

inline constexpr std::size_t kTagBytes = 16;  // Poly1305.

using CipherKey = Secret<struct CipherKeyTag, kKeyBytes>;

class CipherState {
 public:
  explicit CipherState(const CipherKey& key, std::uint64_t nonce = 0) : key_(key), nonce_(nonce) {}

  CipherState(CipherState&&) = default;
  CipherState& operator=(CipherState&&) = default;
  CipherState(const CipherState&) = delete;
  CipherState& operator=(const CipherState&) = delete;

  // `associated` is authenticated with the message and not sent.
  [[nodiscard]] crdt::Result<crdt::Bytes> encrypt(crdt::BytesView associated,
                                                  crdt::BytesView plaintext);
  [[nodiscard]] crdt::Result<crdt::Bytes> decrypt(crdt::BytesView associated,
                                                  crdt::BytesView ciphertext);

  // Replaces the key by a one-way function of itself. The counter goes on where it was.
  void rekey();

  [[nodiscard]] std::uint64_t nonce() const { return nonce_; }

 private:
  CipherKey key_;
  std::uint64_t nonce_;
};

}  // namespace gossip

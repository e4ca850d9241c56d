// LinkCipher: one direction of a link: a Noise CipherState that both ends rekey at the same
// message.
//
// Shape    both ends count messages and ciphertext octets since the last rekey, and rekey after the
//          message that reaches either bound; so nothing about it is sent. rekey() itself is for
//          rekeying by time: the sender says so in a message, and both ends call it after that one.
// Errors   those of CipherState; after one the direction is out of step for good.
// Source   Noise Protocol Framework, revision 34, section 11.3.
#pragma once

#include <cstdint>
#include <utility>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "gossip/noise_cipher.h"

namespace gossip {

// What one stolen transport key can open. Any value is safe for ChaCha20; 64 MiB is some fifty of
// the largest frames, and a rekey costs as little as one small message.
inline constexpr std::uint64_t kRekeyBytes = 64 << 20;

// The same bound for a link that says little at a time.
inline constexpr std::uint64_t kRekeyMessages = 1 << 16;

class LinkCipher {
 public:
  explicit LinkCipher(CipherState cipher) : cipher_(std::move(cipher)) {}

  [[nodiscard]] crdt::Result<crdt::Bytes> encrypt(crdt::BytesView plaintext);
  [[nodiscard]] crdt::Result<crdt::Bytes> decrypt(crdt::BytesView ciphertext);

  void rekey();

  // How often this direction was rekeyed, by whichever rule. Equal at both ends of a quiet link.
  [[nodiscard]] std::uint64_t rekeys() const { return rekeys_; }

 private:
  void count(std::size_t ciphertext_bytes);

  CipherState cipher_;
  std::uint64_t bytes_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t rekeys_ = 0;
};

}  // namespace gossip

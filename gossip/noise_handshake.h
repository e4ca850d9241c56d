// Handshake: one run of Noise XX, or XXpsk3 where a pre-shared key is given. Bytes in, bytes out.
//
// Shape    -> e            <- e, ee, s, es            -> s, se (, psk)
//          Each message carries a payload. The first one's is in the clear (with a pre-shared key:
//          under a key that anyone can compute); the second's is readable by whoever dialled; the
//          third's only by the peer whose static key the initiator has seen proven.
// Size     a message has at most kNoiseMessageBytesMax octets.
// Errors   after the first Error the handshake is dead: every later call returns that Error.
//          Calling out of turn is a bug.
// Source   Noise Protocol Framework, revision 34, sections 5.3, 7.5 and 9.
#pragma once

#include <optional>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "crdt/rng.h"
#include "gossip/noise_cipher.h"
#include "gossip/noise_keys.h"
#include "gossip/noise_symmetric.h"

namespace gossip {

inline constexpr std::size_t kNoiseMessageBytesMax = 65'535;  // Noise, section 3.

enum class Role { kInitiator, kResponder };

struct HandshakeConfig {
  crdt::Bytes prologue;   // Both sides must hold the same, or the second message fails.
  PrivateKey static_key;  // Who this side is.
  std::optional<PreSharedKey> pre_shared_key;  // Present: XXpsk3.
  // Of static_key, where it is known: to compute it takes as long as a key agreement.
  std::optional<PublicKey> static_public;
};

struct TransportCiphers {
  CipherState send;
  CipherState receive;
};

class Handshake {
 public:
  // REQUIRES that `ephemeral` is used for this handshake and no other.
  Handshake(Role role, const HandshakeConfig& config, const PrivateKey& ephemeral);

  // Draws the ephemeral key here, so that `rng` need not outlive the call.
  Handshake(Role role, const HandshakeConfig& config, crdt::Rng& rng);

  [[nodiscard]] bool my_turn() const;  // To write.
  [[nodiscard]] bool done() const;

  // The next message, which carries `payload`. REQUIRES my_turn(), and that the message stays
  // within kNoiseMessageBytesMax.
  [[nodiscard]] crdt::Result<crdt::Bytes> write(crdt::BytesView payload);

  // The payload of the peer's next message. REQUIRES !my_turn() && !done().
  [[nodiscard]] crdt::Result<crdt::Bytes> read(crdt::BytesView message);

  // The peer's identity, as soon as a message has proven it: for the initiator after the second
  // message, for the responder after the third. Empty after an Error.
  [[nodiscard]] const std::optional<PublicKey>& remote_static() const { return remote_static_; }

  // Unique to this run and equal on both sides: a name for the channel. REQUIRES done().
  [[nodiscard]] const Hash& handshake_hash() const;

  // The two ciphers of what follows. REQUIRES done(), and may be called once.
  [[nodiscard]] TransportCiphers split();

 private:
  enum class Token { kE, kS, kEe, kEs, kSe, kPsk };

  [[nodiscard]] std::span<const Token> tokens() const;
  [[nodiscard]] crdt::Result<crdt::Bytes> write_message(crdt::BytesView payload);
  [[nodiscard]] crdt::Result<crdt::Bytes> read_message(crdt::BytesView message);
  [[nodiscard]] crdt::Result<void> read_key(Token token, crdt::BytesView& rest);
  [[nodiscard]] crdt::Result<void> mix(Token token);
  [[nodiscard]] crdt::Result<void> mix_shared(const PrivateKey& mine,
                                              const std::optional<PublicKey>& theirs);
  void mix_ephemeral(const PublicKey& ephemeral);
  [[nodiscard]] crdt::Result<crdt::Bytes> settle(crdt::Result<crdt::Bytes> outcome);

  Role role_;
  PrivateKey static_key_;
  PrivateKey ephemeral_;
  std::optional<PublicKey> static_public_;
  std::optional<PreSharedKey> pre_shared_key_;
  SymmetricState symmetric_;
  std::optional<PublicKey> remote_ephemeral_;
  std::optional<PublicKey> remote_static_;
  std::optional<crdt::Error> failure_;
  std::size_t messages_ = 0;  // Written and read so far.
  bool split_ = false;
};

}  // namespace gossip

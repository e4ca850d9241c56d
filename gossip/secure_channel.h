// SecureChannel: one end of an encrypted, mutually authenticated link over a byte stream. Sans-IO:
// the owner carries bytes between the stream and this, in order, and keeps the deadlines.
//
// Shape    the stream is a run of messages, each a big-endian u16 length and that many octets of
//          Noise. The three of the handshake come first; then each plaintext is one kind octet and
//          a body:
//            0 last   the last part of a frame, or the whole of it
//            1 more   a part of a frame that goes on; always of kPartBytesMax
//            2 rekey  empty; the sender's next message is under the next key
//          Rekeying by volume needs no message: gossip/link_cipher.h.
//          A handshake payload travels each way: the responder's in message 2, where whoever dials
//          can read it, so nothing secret; the initiator's in message 3, for the responder alone.
// Size     an unknown peer can make this hold kHandshakeMessageBytesMax octets; a known one, one
//          Noise message and one frame of kFrameBytesMax.
// Laws     however the stream is cut into pieces, the same frames come out.
//          The initiator is established when it has *sent* message 3. That the responder took it,
//          and the key in it, shows only with the first frame from there.
// Errors   the first Error closes the channel for good: every later receive() returns it again, and
//          frames completed earlier in the failing call are dropped with the channel.
// Source   Noise Protocol Framework, revision 34, section 13, for what is left to the application.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "crdt/rng.h"
#include "gossip/link_cipher.h"
#include "gossip/noise_handshake.h"
#include "gossip/noise_keys.h"

namespace gossip {

// The largest application frame: a batch of 1 MiB of content, and 64 KiB for the message around it.
inline constexpr std::size_t kFrameBytesMax = (1 << 20) + (64 << 10);

// A handshake message is at most 112 octets and a payload. One page is what an unknown peer may
// make a process hold, many times over.
inline constexpr std::size_t kHandshakeMessageBytesMax = 4'096;

// What an owner may hand in: leaves room for keys and tags in any message.
inline constexpr std::size_t kHandshakePayloadBytesMax = 3'840;

// What a Noise message carries of a frame, after the tag and the kind octet.
inline constexpr std::size_t kPartBytesMax = kNoiseMessageBytesMax - kTagBytes - 1;

struct SecureChannelConfig {
  Role role = Role::kInitiator;
  HandshakeConfig handshake;  // The prologue binds cluster id and wire version.
  crdt::Bytes payload;        // For the peer, in the handshake; at most kHandshakePayloadBytesMax.

  // Whether a link with the holder of this key is wanted. Asked once, as soon as the key is proven,
  // from inside receive(): an initiator that says no never shows its own key.
  std::function<bool(const PublicKey&)> allowed;
};

struct Received {
  crdt::Bytes to_send;              // For the stream, before anything that is sealed later.
  std::vector<crdt::Bytes> frames;  // Completed by these bytes, in order.
  bool established_now = false;     // seal() may be called from now on.
};

class SecureChannel {
 public:
  // Draws this link's ephemeral key; `rng` need not outlive the call.
  SecureChannel(SecureChannelConfig config, crdt::Rng& rng);

  // The initiator's first bytes; nothing for a responder. REQUIRES to be the first call, once.
  [[nodiscard]] crdt::Bytes start();

  // Takes the next bytes of the stream, cut anywhere.
  [[nodiscard]] crdt::Result<Received> receive(crdt::BytesView bytes);

  // The stream has ended: an Error where it broke off inside a message or a frame, or before the
  // link was established. Closes the channel either way.
  [[nodiscard]] crdt::Result<void> end_of_stream();

  // The bytes that carry one frame. REQUIRES established() and frame.size() <= kFrameBytesMax.
  [[nodiscard]] crdt::Bytes seal(crdt::BytesView frame);

  // The bytes that tell the peer of a new key for this direction; what is sealed later is under it.
  // The owner calls this when the key is old enough. REQUIRES established().
  [[nodiscard]] crdt::Bytes rekey();

  [[nodiscard]] bool established() const { return state_ == State::kOpen; }

  // Who the peer is, and what it handed in. Empty until its key was proven *and* allowed.
  [[nodiscard]] const std::optional<PublicKey>& remote_static() const { return remote_static_; }
  [[nodiscard]] const crdt::Bytes& remote_payload() const { return remote_payload_; }

 private:
  enum class State { kIdle, kHandshake, kOpen, kClosed };

  [[nodiscard]] crdt::Result<Received> receive_messages(crdt::BytesView bytes);
  [[nodiscard]] crdt::Result<bool> fill(crdt::BytesView& bytes);
  void take(crdt::BytesView& bytes, std::size_t size);
  [[nodiscard]] crdt::Result<void> on_handshake(crdt::BytesView message, Received& received);
  [[nodiscard]] crdt::Result<void> on_transport(crdt::BytesView message, Received& received);
  [[nodiscard]] crdt::Result<void> admit(crdt::Bytes payload);
  void append_sealed(crdt::BytesView plaintext, crdt::Bytes& out);
  void close(crdt::Error why);

  State state_ = State::kIdle;
  Role role_;
  crdt::Bytes payload_;
  std::function<bool(const PublicKey&)> allowed_;
  std::optional<Handshake> handshake_;  // Until the link is established.
  std::optional<LinkCipher> send_;      // From then on.
  std::optional<LinkCipher> receive_;
  std::optional<PublicKey> remote_static_;
  crdt::Bytes remote_payload_;
  crdt::Bytes message_;  // The incoming message so far, with its length in front.
  crdt::Bytes frame_;    // The incoming frame so far.
  crdt::Error failure_;  // Why the channel is closed.
};

}  // namespace gossip

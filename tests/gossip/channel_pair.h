// Two SecureChannels with fixed keys, and the stream between them, for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "gossip/secure_channel.h"

namespace gossip {

inline PrivateKey test_key(std::uint8_t octet) {
  PrivateKey key;
  key.bytes.fill(octet);
  return key;
}

inline const PrivateKey kInitiatorKey = test_key(1);
inline const PrivateKey kResponderKey = test_key(2);

inline SecureChannelConfig channel_config(Role role) {
  const bool initiator = role == Role::kInitiator;
  const PublicKey peer = public_key_of(initiator ? kResponderKey : kInitiatorKey);
  SecureChannelConfig config;
  config.role = role;
  config.handshake.prologue = "muster test";
  config.handshake.static_key = initiator ? kInitiatorKey : kResponderKey;
  config.payload = initiator ? "I am the initiator" : "I am the responder";
  config.allowed = [peer](const PublicKey& key) { return key == peer; };
  return config;
}

// Draws the same ephemeral key in every test.
inline SecureChannel make_channel(SecureChannelConfig config) {
  const bool initiator = config.role == Role::kInitiator;
  crdt::Rng rng{crdt::Rng::Seed{static_cast<std::uint8_t>(initiator ? 3 : 4)}};
  return SecureChannel(std::move(config), rng);
}

inline SecureChannel make_channel(Role role) { return make_channel(channel_config(role)); }

struct ChannelPair {
  SecureChannel initiator = make_channel(Role::kInitiator);
  SecureChannel responder = make_channel(Role::kResponder);

  // Runs the handshake to its end. Throws where it fails.
  void establish() {
    static_cast<void>(responder.start());
    const Received second = responder.receive(initiator.start()).value();
    const Received third = initiator.receive(second.to_send).value();
    static_cast<void>(responder.receive(third.to_send).value());
  }
};

// The Noise messages of a stream, each with its length in front.
inline std::vector<crdt::Bytes> messages_of(crdt::BytesView stream) {
  std::vector<crdt::Bytes> messages;
  while (!stream.empty()) {
    const auto high = static_cast<unsigned char>(stream.at(0));
    const auto low = static_cast<unsigned char>(stream.at(1));
    const std::size_t size = 2 + std::size_t{high} * 256 + low;
    messages.emplace_back(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return messages;
}

}  // namespace gossip

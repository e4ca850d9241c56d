// Every published message of the two patterns, written and read by both roles.
#include "tests/gossip/noise_vectors.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gossip/noise_handshake.h"

namespace gossip {
namespace {

using crdt::from_hex;
using crdt::to_hex;

class NoiseVectors : public testing::TestWithParam<NoiseVector> {
 protected:
  static Handshake party(Role role) {
    const NoiseVector& vector = GetParam();
    const bool initiator = role == Role::kInitiator;
    const auto key = [](std::string_view hex) { return private_key_from_hex(hex).value(); };
    HandshakeConfig config{from_hex(vector.prologue),
                           key(initiator ? vector.initiator_static : vector.responder_static),
                           std::nullopt};
    if (!vector.pre_shared_key.empty()) {
      config.pre_shared_key = PreSharedKey{key(vector.pre_shared_key).bytes};
    }
    return Handshake(role, config,
                     key(initiator ? vector.initiator_ephemeral : vector.responder_ephemeral));
  }

  // Each side is fed the published ciphertexts alone, never what the other side wrote.
  static Handshake after_handshake(Role role) {
    Handshake handshake = party(role);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& [payload, ciphertext] = GetParam().messages[i];
      if (handshake.my_turn()) {
        EXPECT_EQ(to_hex(handshake.write(from_hex(payload)).value()), ciphertext) << i;
      } else {
        EXPECT_EQ(to_hex(handshake.read(from_hex(ciphertext)).value()), payload) << i;
      }
    }
    return handshake;
  }

  static void check_role(Role role) {
    Handshake handshake = after_handshake(role);
    ASSERT_TRUE(handshake.done());
    EXPECT_EQ(to_hex(view_of(handshake.handshake_hash())), GetParam().handshake_hash);
    const bool initiator = role == Role::kInitiator;
    const std::string_view remote =
        initiator ? GetParam().responder_static : GetParam().initiator_static;
    EXPECT_EQ(handshake.remote_static(), public_key_of(private_key_from_hex(remote).value()));
    TransportCiphers ciphers = handshake.split();
    for (std::size_t i = 3; i < GetParam().messages.size(); ++i) {
      const auto& [payload, ciphertext] = GetParam().messages[i];
      const bool from_initiator = i % 2 == 0;
      if (from_initiator == initiator) {
        EXPECT_EQ(to_hex(ciphers.send.encrypt({}, from_hex(payload)).value()), ciphertext) << i;
      } else {
        EXPECT_EQ(to_hex(ciphers.receive.decrypt({}, from_hex(ciphertext)).value()), payload) << i;
      }
    }
  }
};

TEST_P(NoiseVectors, PassAsInitiator) { check_role(Role::kInitiator); }

TEST_P(NoiseVectors, PassAsResponder) { check_role(Role::kResponder); }

INSTANTIATE_TEST_SUITE_P(Published, NoiseVectors, testing::ValuesIn(kNoiseVectors),
                         [](const auto& info) { return std::string(info.param.protocol_name); });

}  // namespace
}  // namespace gossip

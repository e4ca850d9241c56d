#include "gossip/noise_handshake.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Result;

// Returns what arrives when message `index` (0 to 2) was sent.
using Tamper = std::function<Bytes(std::size_t index, Bytes message)>;

PrivateKey key_of(std::uint8_t octet) {
  PrivateKey key;
  key.bytes.fill(octet);
  return key;
}

struct Pair {
  HandshakeConfig initiator_config{"prologue", key_of(1), std::nullopt};
  HandshakeConfig responder_config{"prologue", key_of(2), std::nullopt};
  std::vector<std::size_t> sizes;  // Of the messages that were sent.

  void use_pre_shared_keys(std::uint8_t initiators, std::uint8_t responders) {
    initiator_config.pre_shared_key = PreSharedKey{key_of(initiators).bytes};
    responder_config.pre_shared_key = PreSharedKey{key_of(responders).bytes};
  }

  // True if both sides finished with one hash.
  bool run(const Tamper& tamper = nullptr) {
    Handshake initiator(Role::kInitiator, initiator_config, key_of(3));
    Handshake responder(Role::kResponder, responder_config, key_of(4));
    sizes.clear();
    for (std::size_t i = 0; i < 3; ++i) {
      Handshake& writer = i == 1 ? responder : initiator;
      Handshake& reader = i == 1 ? initiator : responder;
      const Result<Bytes> message = writer.write(i == 0 ? "" : "payload");
      if (!message) return false;
      sizes.push_back(message->size());
      if (!reader.read(tamper ? tamper(i, *message) : *message)) return false;
    }
    return initiator.handshake_hash() == responder.handshake_hash();
  }
};

void expect_that_every_bent_message_fails(Pair pair) {
  ASSERT_TRUE(pair.run());
  const std::vector<std::size_t> sizes = pair.sizes;
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    for (std::size_t at = 0; at < sizes[index]; ++at) {
      for (const int flip : {0x01, 0x80}) {
        const bool passed = pair.run([&](std::size_t i, Bytes message) {
          if (i == index) message[at] = static_cast<char>(message[at] ^ flip);
          return message;
        });
        EXPECT_FALSE(passed) << "message " << index + 1 << ", octet " << at << ", bits " << flip;
      }
    }
  }
}

TEST(Handshake, FailsWhereAnyOctetOfAnyMessageIsFlipped) {
  expect_that_every_bent_message_fails({});
}

TEST(Handshake, FailsWhereAnyOctetIsFlippedUnderAPreSharedKey) {
  Pair pair;
  pair.use_pre_shared_keys(9, 9);
  expect_that_every_bent_message_fails(pair);
}

TEST(Handshake, FailsWhereAnyMessageIsCutOrGrows) {
  Pair pair;
  ASSERT_TRUE(pair.run());
  const std::vector<std::size_t> sizes = pair.sizes;
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    for (std::size_t size = 0; size <= sizes[index] + 1; ++size) {
      const bool passed = pair.run([&](std::size_t i, Bytes message) {
        if (i == index) message.resize(size, '\0');
        return message;
      });
      EXPECT_EQ(passed, size == sizes[index]) << "message " << index + 1 << " of " << size;
    }
  }
}

TEST(Handshake, FailsUnderAnotherPrologue) {
  Pair pair;
  pair.responder_config.prologue = "prologuf";
  EXPECT_FALSE(pair.run());
  EXPECT_EQ(pair.sizes.size(), 2u) << "the initiator refuses message 2";
}

TEST(Handshake, FailsAtTheThirdMessageUnderAnotherPreSharedKey) {
  Pair pair;
  pair.use_pre_shared_keys(8, 9);
  EXPECT_FALSE(pair.run());
  EXPECT_EQ(pair.sizes.size(), 3u);
}

TEST(Handshake, FailsWhereOnlyOneSideHasAPreSharedKey) {
  Pair pair;
  pair.use_pre_shared_keys(9, 9);
  pair.responder_config.pre_shared_key.reset();
  EXPECT_FALSE(pair.run());
  std::swap(pair.initiator_config, pair.responder_config);
  EXPECT_FALSE(pair.run());
}

TEST(Handshake, RefusesEphemeralKeysOfLowOrder) {
  Pair pair;
  for (const std::size_t index : {std::size_t{0}, std::size_t{1}}) {
    EXPECT_FALSE(pair.run([&](std::size_t i, Bytes message) {
      if (i == index) message.replace(0, kKeyBytes, Bytes(kKeyBytes, '\0'));
      return message;
    }));
  }
  Handshake responder(Role::kResponder, pair.responder_config, key_of(4));
  ASSERT_TRUE(responder.read(Bytes(kKeyBytes, '\0')));
  const Result<Bytes> answer = responder.write("");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "the peer's key is a point of low order");
}

TEST(Handshake, NamesThePeerAsSoonAsItsKeyIsProven) {
  const Pair pair;
  Handshake initiator(Role::kInitiator, pair.initiator_config, key_of(3));
  Handshake responder(Role::kResponder, pair.responder_config, key_of(4));
  ASSERT_TRUE(responder.read(initiator.write("").value()));
  const Bytes second = responder.write("").value();
  EXPECT_FALSE(initiator.remote_static());
  ASSERT_TRUE(initiator.read(second));
  EXPECT_EQ(initiator.remote_static(), public_key_of(key_of(2)));
  EXPECT_FALSE(responder.remote_static());
  ASSERT_TRUE(responder.read(initiator.write("").value()));
  EXPECT_EQ(responder.remote_static(), public_key_of(key_of(1)));
}

TEST(Handshake, IsDeadAfterAnErrorAndForgetsAKeyThatWasNotProven) {
  const Pair pair;
  Handshake initiator(Role::kInitiator, pair.initiator_config, key_of(3));
  Handshake responder(Role::kResponder, pair.responder_config, key_of(4));
  ASSERT_TRUE(responder.read(initiator.write("").value()));
  const Bytes second = responder.write("payload").value();
  Bytes bent = second;
  bent.back() ^= 1;  // The key in it opens, the payload that proves it does not.
  const Result<Bytes> failed = initiator.read(bent);
  ASSERT_FALSE(failed);
  EXPECT_FALSE(initiator.remote_static());
  EXPECT_EQ(initiator.read(second).error(), failed.error());
  EXPECT_EQ(initiator.write("").error(), failed.error());
  EXPECT_FALSE(initiator.done());
}

TEST(Handshake, StaysDeadAfterAMessageOfWhichItTookNothing) {
  const Pair pair;
  Handshake initiator(Role::kInitiator, pair.initiator_config, key_of(3));
  Handshake responder(Role::kResponder, pair.responder_config, key_of(4));
  const Bytes first = initiator.write("").value();
  ASSERT_FALSE(responder.read(first.substr(0, 1)));
  EXPECT_FALSE(responder.read(first));
  EXPECT_EQ(responder.write("").error().message, "a handshake message is too short");
}

TEST(Handshake, DrawsAnotherEphemeralKeyForEachRun) {
  const Pair pair;
  crdt::Rng rng{crdt::Rng::Seed{}};
  Handshake first(Role::kInitiator, pair.initiator_config, rng);
  Handshake second(Role::kInitiator, pair.initiator_config, rng);
  EXPECT_NE(first.write("").value(), second.write("").value());
}

TEST(HandshakeDeathTest, StopsAtACallOutOfTurn) {
  const Pair pair;
  Handshake responder(Role::kResponder, pair.responder_config, key_of(4));
  EXPECT_DEATH(static_cast<void>(responder.write("")), "my_turn");
  EXPECT_DEATH(static_cast<void>(responder.split()), "done");
}

}  // namespace
}  // namespace gossip

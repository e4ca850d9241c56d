// What a SecureChannel does with peers that are unknown, damaged or hostile.
#include <gtest/gtest.h>

#include "gossip/secure_channel.h"
#include "tests/gossip/channel_pair.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Result;

Bytes prefixed(BytesView message) {
  Bytes out;
  out.push_back(static_cast<char>(message.size() >> 8));
  out.push_back(static_cast<char>(message.size() & 0xff));
  return out += message;
}

// The channel must answer `bytes` with `why`, and with the same for ever after.
void expect_dead(SecureChannel& channel, BytesView bytes, std::string_view why) {
  const Result<Received> received = channel.receive(bytes);
  ASSERT_FALSE(received) << "expected: " << why;
  EXPECT_EQ(received.error().message, why);
  EXPECT_FALSE(channel.established());
  const Result<Received> again = channel.receive(bytes);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, why);
  EXPECT_EQ(channel.end_of_stream().error().message, why);
}

// A peer whose key is allowed, and that then sends what it likes.
struct HostilePeer {
  SecureChannel victim = make_channel(Role::kResponder);
  std::optional<LinkCipher> send;

  HostilePeer() {
    const SecureChannelConfig config = channel_config(Role::kInitiator);
    Handshake handshake(Role::kInitiator, config.handshake, test_key(7));
    static_cast<void>(victim.start());
    const Received second = victim.receive(prefixed(handshake.write("").value())).value();
    static_cast<void>(handshake.read(BytesView(second.to_send).substr(2)).value());
    static_cast<void>(victim.receive(prefixed(handshake.write("").value())).value());
    send.emplace(std::move(handshake.split().send));
  }

  Bytes sealed(BytesView plaintext) { return prefixed(send->encrypt(plaintext).value()); }
};

// Runs a handshake in which `bend` may change the stream of message `index` (0 to 2), and reports
// whether both sides came to believe in the link.
template <class Bend>
bool both_established(const Bend& bend) {
  ChannelPair pair;
  static_cast<void>(pair.responder.start());
  const auto second = pair.responder.receive(bend(0, pair.initiator.start()));
  if (!second) return false;
  const auto third = pair.initiator.receive(bend(1, second->to_send));
  if (!third) return false;
  const auto last = pair.responder.receive(bend(2, third->to_send));
  return last && pair.initiator.established() && pair.responder.established();
}

TEST(HostileChannel, NeverEstablishesWhereAnyOctetOfTheHandshakeStreamIsFlipped) {
  std::size_t sizes[3] = {};
  ASSERT_TRUE(both_established([&](std::size_t i, Bytes stream) {
    sizes[i] = stream.size();
    return stream;
  }));
  for (std::size_t index = 0; index < 3; ++index) {
    for (std::size_t at = 0; at < sizes[index]; ++at) {
      const auto flip = [&](std::size_t i, Bytes stream) {
        if (i == index) stream[at] ^= 0x01;
        return stream;
      };
      EXPECT_FALSE(both_established(flip)) << "message " << index + 1 << ", octet " << at;
    }
  }
}

TEST(HostileChannel, NeverEstablishesWhereTheHandshakeStreamIsCutShort) {
  for (std::size_t index = 0; index < 3; ++index) {
    const auto cut = [&](std::size_t i, Bytes stream) {
      if (i == index) stream.pop_back();
      return stream;
    };
    EXPECT_FALSE(both_established(cut)) << "message " << index + 1;
  }
}

TEST(HostileChannel, RefusesAnUnknownResponderBeforeShowingItsOwnKey) {
  SecureChannelConfig config = channel_config(Role::kResponder);
  config.handshake.static_key = test_key(66);
  ChannelPair pair{make_channel(Role::kInitiator), make_channel(config)};
  static_cast<void>(pair.responder.start());
  const Received second = pair.responder.receive(pair.initiator.start()).value();
  expect_dead(pair.initiator, second.to_send, "unknown key " + to_hex(public_key_of(test_key(66))));
  EXPECT_FALSE(pair.initiator.remote_static());
  EXPECT_EQ(pair.initiator.remote_payload(), "");
}

TEST(HostileChannel, RefusesAnUnknownInitiatorAndWhatItSentBehindTheHandshake) {
  SecureChannelConfig config = channel_config(Role::kInitiator);
  config.handshake.static_key = test_key(66);
  ChannelPair pair{make_channel(config), make_channel(Role::kResponder)};
  static_cast<void>(pair.responder.start());
  const Received second = pair.responder.receive(pair.initiator.start()).value();
  const Bytes third = pair.initiator.receive(second.to_send).value().to_send;
  expect_dead(pair.responder, third + pair.initiator.seal("a frame"),
              "unknown key " + to_hex(public_key_of(test_key(66))));
  EXPECT_FALSE(pair.responder.remote_static());
}

TEST(HostileChannel, RefusesAnotherPrologueAndAnotherPreSharedKey) {
  SecureChannelConfig config = channel_config(Role::kResponder);
  config.handshake.prologue = "another cluster";
  ChannelPair strangers{make_channel(Role::kInitiator), make_channel(config)};
  static_cast<void>(strangers.responder.start());
  const Received second = strangers.responder.receive(strangers.initiator.start()).value();
  expect_dead(strangers.initiator, second.to_send, "a message does not authenticate");

  SecureChannelConfig joiner = channel_config(Role::kInitiator);
  SecureChannelConfig sponsor = channel_config(Role::kResponder);
  joiner.handshake.pre_shared_key = PreSharedKey{test_key(8).bytes};
  sponsor.handshake.pre_shared_key = PreSharedKey{test_key(9).bytes};
  ChannelPair pair{make_channel(joiner), make_channel(sponsor)};
  static_cast<void>(pair.responder.start());
  const Received answer = pair.responder.receive(pair.initiator.start()).value();
  const Bytes third = pair.initiator.receive(answer.to_send).value().to_send;
  expect_dead(pair.responder, third, "a message does not authenticate");
}

TEST(HostileChannel, RefusesALongHandshakeMessageByItsLengthAlone) {
  SecureChannel responder = make_channel(Role::kResponder);
  static_cast<void>(responder.start());
  expect_dead(responder, "\x10\x01", "a handshake message of 4097 bytes is over the limit");
}

TEST(HostileChannel, HoldsAHandshakeMessageOfTheLimitAndNoLonger) {
  SecureChannel responder = make_channel(Role::kResponder);
  static_cast<void>(responder.start());
  ASSERT_TRUE(responder.receive(Bytes("\x10\x00", 2) + Bytes(kHandshakeMessageBytesMax - 1, 'x')));
  expect_dead(responder, "x", "the first handshake message carries a payload");
}

TEST(HostileChannel, RefusesMessagesTooShortToBeOne) {
  SecureChannel responder = make_channel(Role::kResponder);
  static_cast<void>(responder.start());
  expect_dead(responder, BytesView("\x00\x00", 2), "a message of 0 bytes is too short to be one");
  HostilePeer peer;
  expect_dead(peer.victim, BytesView("\x00\x10", 2),
              "a message of 16 bytes is too short to be one");
}

TEST(HostileChannel, RefusesGarbageReplayReorderingAndLoss) {
  const auto expect_refused = [](const std::vector<std::size_t>& order) {
    ChannelPair pair;
    pair.establish();
    const Bytes sealed[] = {pair.initiator.seal("0"), pair.initiator.seal("1"),
                            prefixed("some garbage of a length that a message may have")};
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      ASSERT_TRUE(pair.responder.receive(sealed[order[i]]));
    }
    expect_dead(pair.responder, sealed[order.back()], "a message does not authenticate");
  };
  expect_refused({0, 0});
  expect_refused({0, 1, 0});
  expect_refused({1});
  expect_refused({2});
  expect_refused({0, 2});
}

TEST(HostileChannel, RefusesItsOwnMessagesReflected) {
  ChannelPair pair;
  pair.establish();
  expect_dead(pair.initiator, pair.initiator.seal("mine"), "a message does not authenticate");
}

TEST(HostileChannel, RefusesWhereAnyOctetOfATransportMessageIsFlipped) {
  const std::size_t size = [] {
    ChannelPair pair;
    pair.establish();
    return pair.initiator.seal("a frame").size();
  }();
  for (std::size_t at = 2; at < size; ++at) {
    ChannelPair pair;
    pair.establish();
    Bytes stream = pair.initiator.seal("a frame");
    stream[at] ^= 0x01;
    expect_dead(pair.responder, stream, "a message does not authenticate");
  }
}

TEST(HostileChannel, RefusesAFrameOverTheLimitAtThePartThatCrossesIt) {
  HostilePeer peer;
  const Bytes part = '\x01' + Bytes(kPartBytesMax, 'x');
  for (std::size_t i = 0; i < kFrameBytesMax / kPartBytesMax; ++i) {
    ASSERT_TRUE(peer.victim.receive(peer.sealed(part)));
  }
  const Bytes rest(kFrameBytesMax % kPartBytesMax + 1, 'x');
  expect_dead(peer.victim, peer.sealed('\0' + rest),
              "a frame is over the limit of " + std::to_string(kFrameBytesMax) + " bytes");
}

TEST(HostileChannel, RefusesAFrameThatNeverEnds) {
  HostilePeer peer;
  const Bytes part = '\x01' + Bytes(kPartBytesMax, 'x');
  std::size_t parts = 0;
  while (peer.victim.receive(peer.sealed(part))) ASSERT_LT(++parts, 100u);
  EXPECT_EQ(parts, kFrameBytesMax / kPartBytesMax);
}

TEST(HostileChannel, RefusesPartsThatSayTooLittleAndKindsItDoesNotKnow) {
  const Bytes short_part = "\x01 a part that is not full";
  const Bytes full_rekey = "\x02 a rekey with a body";
  const Bytes unknown = "\x03";
  for (const Bytes& plaintext : {short_part, full_rekey, unknown}) {
    HostilePeer peer;
    expect_dead(peer.victim, peer.sealed(plaintext),
                "a message is neither a part of a frame nor a rekey");
  }
}

TEST(HostileChannel, RefusesAPeerThatRekeyedWithoutSayingSo) {
  HostilePeer peer;
  peer.send->rekey();
  expect_dead(peer.victim, peer.sealed('\0' + Bytes("x")), "a message does not authenticate");
}

}  // namespace
}  // namespace gossip

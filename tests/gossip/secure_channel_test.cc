#include "gossip/secure_channel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/gossip/channel_pair.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;

Bytes pattern(std::size_t size) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

TEST(SecureChannel, EstablishesBothEndsAndNamesThePeerWithItsPayload) {
  ChannelPair pair;
  EXPECT_EQ(pair.responder.start(), "");
  const Received second = pair.responder.receive(pair.initiator.start()).value();
  EXPECT_FALSE(second.established_now);
  EXPECT_FALSE(pair.responder.remote_static());
  const Received third = pair.initiator.receive(second.to_send).value();
  EXPECT_TRUE(third.established_now);
  EXPECT_EQ(pair.initiator.remote_static(), public_key_of(kResponderKey));
  EXPECT_EQ(pair.initiator.remote_payload(), "I am the responder");
  const Received last = pair.responder.receive(third.to_send).value();
  EXPECT_TRUE(last.established_now);
  EXPECT_EQ(last.to_send, "");
  EXPECT_EQ(pair.responder.remote_static(), public_key_of(kInitiatorKey));
  EXPECT_EQ(pair.responder.remote_payload(), "I am the initiator");
}

TEST(SecureChannel, CarriesThePayloadsSealedAndTheKeysToo) {
  ChannelPair pair;
  static_cast<void>(pair.responder.start());
  const Received second = pair.responder.receive(pair.initiator.start()).value();
  const Received third = pair.initiator.receive(second.to_send).value();
  const auto shows = [](const Bytes& stream, BytesView text) {
    return stream.find(text) != Bytes::npos;
  };
  EXPECT_FALSE(shows(second.to_send, "responder"));
  EXPECT_FALSE(shows(second.to_send, view_of(public_key_of(kResponderKey).bytes)));
  EXPECT_FALSE(shows(third.to_send, "initiator"));
  EXPECT_FALSE(shows(third.to_send, view_of(public_key_of(kInitiatorKey).bytes)));
}

TEST(SecureChannel, TakesThePayloadOfItsFullSize) {
  SecureChannelConfig config = channel_config(Role::kInitiator);
  config.payload = pattern(kHandshakePayloadBytesMax);
  config.handshake.pre_shared_key = PreSharedKey{test_key(9).bytes};
  SecureChannelConfig other = channel_config(Role::kResponder);
  other.payload = config.payload;
  other.handshake.pre_shared_key = config.handshake.pre_shared_key;
  ChannelPair pair{make_channel(config), make_channel(other)};
  pair.establish();
  EXPECT_EQ(pair.responder.remote_payload(), config.payload);
  EXPECT_EQ(pair.initiator.remote_payload(), config.payload);
}

TEST(SecureChannel, CarriesFramesOfEverySizeUpToTheLimit) {
  ChannelPair pair;
  pair.establish();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kPartBytesMax - 1, kPartBytesMax, kPartBytesMax + 1,
        2 * kPartBytesMax, kFrameBytesMax - 1, kFrameBytesMax}) {
    const Bytes frame = pattern(size);
    const Bytes there = pair.initiator.seal(frame);
    EXPECT_EQ(messages_of(there).size(),
              std::max<std::size_t>(1, (size + kPartBytesMax - 1) / kPartBytesMax));
    EXPECT_EQ(pair.responder.receive(there).value().frames, std::vector{frame}) << size;
    EXPECT_EQ(pair.initiator.receive(pair.responder.seal(frame)).value().frames, std::vector{frame})
        << size;
  }
}

TEST(SecureChannel, TakesFramesBehindTheLastHandshakeMessageInOnePiece) {
  ChannelPair pair;
  static_cast<void>(pair.responder.start());
  const Received second = pair.responder.receive(pair.initiator.start()).value();
  Bytes stream = pair.initiator.receive(second.to_send).value().to_send;
  stream += pair.initiator.seal("first");
  stream += pair.initiator.seal("second");
  const Received received = pair.responder.receive(stream).value();
  EXPECT_TRUE(received.established_now);
  EXPECT_EQ(received.frames, (std::vector<Bytes>{"first", "second"}));
}

// What each side says in the conversation that is cut below.
struct Heard {
  Bytes handshake;  // What a side answered in the handshake.
  std::vector<Bytes> frames;
  int established = 0;

  bool operator==(const Heard&) const = default;
};

// Feeds `stream` to `channel` in pieces that end at the offsets of `cuts`.
Heard feed(SecureChannel& channel, BytesView stream, const std::vector<std::size_t>& cuts) {
  Heard heard;
  std::size_t from = 0;
  const auto piece = [&](std::size_t to) {
    const Received received = channel.receive(stream.substr(from, to - from)).value();
    from = to;
    heard.handshake += received.to_send;
    heard.frames.insert(heard.frames.end(), received.frames.begin(), received.frames.end());
    heard.established += received.established_now ? 1 : 0;
  };
  for (const std::size_t cut : cuts) piece(cut);
  piece(stream.size());
  return heard;
}

// The two streams of one conversation: both handshakes, small frames, a rekey, a frame of two
// parts.
struct Streams {
  Bytes to_responder;
  Bytes to_initiator;
  std::vector<Bytes> frames{"hello", "", pattern(kPartBytesMax + 10), "after the rekey"};

  Streams() {
    ChannelPair pair;
    static_cast<void>(pair.responder.start());
    to_responder = pair.initiator.start();
    to_initiator = pair.responder.receive(to_responder).value().to_send;
    const Bytes third = pair.initiator.receive(to_initiator).value().to_send;
    static_cast<void>(pair.responder.receive(third).value());
    to_responder += third + speech(pair.initiator);
    to_initiator += speech(pair.responder);
  }

  Bytes speech(SecureChannel& channel) const {
    Bytes stream;  // Statement by statement: the operands of one + may be sealed in any order.
    for (std::size_t i = 0; i < 3; ++i) stream += channel.seal(frames[i]);
    stream += channel.rekey();
    return stream += channel.seal(frames[3]);
  }
};

Heard heard_by(Role role, const Streams& streams, const std::vector<std::size_t>& cuts) {
  SecureChannel channel = make_channel(role);
  static_cast<void>(channel.start());
  const bool initiator = role == Role::kInitiator;
  return feed(channel, initiator ? streams.to_initiator : streams.to_responder, cuts);
}

TEST(SecureChannel, DeliversTheSameWhereverTheStreamIsCutInTwo) {
  const Streams streams;
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    const Heard whole = heard_by(role, streams, {});
    EXPECT_EQ(whole.frames, streams.frames);
    EXPECT_EQ(whole.established, 1);
    const BytesView stream = role == Role::kInitiator ? streams.to_initiator : streams.to_responder;
    std::size_t cut = 0;
    while (cut < stream.size()) {
      ASSERT_EQ(heard_by(role, streams, {cut}), whole) << "cut at " << cut;
      // Every boundary of the small messages; inside the large one every 977th.
      const bool inside = cut > 500 && cut + 500 < stream.size();
      cut = inside ? std::min(cut + 977, stream.size() - 500) : cut + 1;
    }
  }
}

TEST(SecureChannel, DeliversTheSameOneOctetAtATime) {
  const Streams streams;
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    std::vector<std::size_t> cuts(
        (role == Role::kInitiator ? streams.to_initiator : streams.to_responder).size());
    std::iota(cuts.begin(), cuts.end(), std::size_t{0});
    EXPECT_EQ(heard_by(role, streams, cuts), heard_by(role, streams, {}));
  }
}

RC_GTEST_PROP(SecureChannel, DeliversTheSameInAnyPieces, ()) {
  static const Streams streams;
  const Role role = *rc::gen::element(Role::kInitiator, Role::kResponder);
  const std::size_t size =
      (role == Role::kInitiator ? streams.to_initiator : streams.to_responder).size();
  auto cuts = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, size));
  std::sort(cuts.begin(), cuts.end());
  RC_ASSERT(heard_by(role, streams, cuts) == heard_by(role, streams, {}));
}

TEST(SecureChannel, GoesOnUnderTheNextKeyAfterARekeyByTime) {
  ChannelPair pair;
  pair.establish();
  // A twin that skips the rekey holds the old key: what follows must be closed to it.
  ChannelPair twin;
  twin.establish();
  const Bytes rekey = pair.initiator.rekey();
  EXPECT_TRUE(pair.responder.receive(rekey).value().frames.empty());
  static_cast<void>(twin.responder.receive(twin.initiator.seal("")));  // As many messages.
  const Bytes sealed = pair.initiator.seal("new key");
  EXPECT_FALSE(twin.responder.receive(sealed));
  EXPECT_EQ(pair.responder.receive(sealed).value().frames, std::vector<Bytes>{"new key"});
  EXPECT_EQ(pair.initiator.receive(pair.responder.seal("old key")).value().frames,
            std::vector<Bytes>{"old key"})
      << "the other direction keeps its key";
}

TEST(SecureChannel, StaysInStepThroughRekeysByCountAndByVolume) {
  ChannelPair pair;
  pair.establish();
  for (std::uint64_t i = 0; i < kRekeyMessages + 2; ++i) {
    ASSERT_EQ(pair.responder.receive(pair.initiator.seal("x")).value().frames.size(), 1u) << i;
  }
  const Bytes frame = pattern(kFrameBytesMax);
  for (std::uint64_t sent = 0; sent < kRekeyBytes + 2 * kFrameBytesMax; sent += frame.size()) {
    ASSERT_EQ(pair.initiator.receive(pair.responder.seal(frame)).value().frames.size(), 1u) << sent;
  }
}

TEST(SecureChannel, TellsACleanEndFromABrokenOne) {
  {
    ChannelPair pair;
    pair.establish();
    EXPECT_TRUE(pair.responder.end_of_stream());
    EXPECT_FALSE(pair.responder.established());
  }
  for (const std::size_t lacking : {std::size_t{1}, std::size_t{40}}) {
    ChannelPair pair;
    pair.establish();
    // 40: the second part of the frame is missing whole.
    const Bytes stream = pair.initiator.seal(pattern(kPartBytesMax + 40 - 2 - 1 - kTagBytes));
    ASSERT_TRUE(pair.responder.receive(stream.substr(0, stream.size() - lacking)));
    EXPECT_EQ(pair.responder.end_of_stream().error().message,
              "the stream broke off inside a frame");
  }
  SecureChannel responder = make_channel(Role::kResponder);
  static_cast<void>(responder.start());
  EXPECT_EQ(responder.end_of_stream().error().message, "the stream broke off inside the handshake");
  EXPECT_FALSE(responder.receive("x"));
}

TEST(SecureChannelDeathTest, StopsAtWhatItsOwnerMustNotDo) {
  ChannelPair pair;
  EXPECT_DEATH(static_cast<void>(pair.initiator.seal("too early")), "established");
  EXPECT_DEATH(static_cast<void>(pair.initiator.receive("before start")), "kIdle");
  pair.establish();
  EXPECT_DEATH(static_cast<void>(pair.initiator.seal(Bytes(kFrameBytesMax + 1, 'x'))),
               "kFrameBytesMax");
}

}  // namespace
}  // namespace gossip

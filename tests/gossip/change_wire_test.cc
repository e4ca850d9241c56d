#include "gossip/change_wire.h"

#include <gtest/gtest.h>

#include "crdt/byte_io.h"
#include "gossip/wire.h"

namespace {

using crdt::Bytes;
using crdt::ByteWriter;
using gossip::Message;
using gossip::Push;
using gossip::Pushed;

// One direction of a link: what is pushed over it goes through whole frames.
class ChangeWire : public testing::Test {
 protected:
  crdt::SentNames sent;
  crdt::ToldNames told;
  crdt::HeardNames heard;

  Bytes frame_of(const Push& push) {
    const Bytes encoded = gossip::encode_push(push.seq, push.firsthand, push.change, sent);
    const Bytes definitions = told.tell(sent);
    return definitions.empty() ? encoded : gossip::encode_names(definitions) + encoded;
  }

  void expect_carried(const Push& push) {
    const auto messages = gossip::decode_frame(frame_of(push), heard);
    ASSERT_TRUE(messages) << messages.error().message;
    ASSERT_EQ(messages->size(), 1u);
    EXPECT_EQ(messages->front(), Message(push));
  }
};

Push push_of(std::uint64_t seq, const std::string& key, std::uint64_t counter) {
  crdt::Delta delta;
  delta.after = {{{7}, counter}};
  delta.advance = {{{7}, counter + 1}};
  delta.written = {
      {"t/0123456789abcdef/status", {{7}, counter + 1}, {9}, {{1, counter}, "U0123"}, "done"}};
  return {seq, true, {{{key, delta}}, {{"t" + key, "record"}}}};
}

TEST_F(ChangeWire, APushComesBackAsItWasWhateverTheLinkKnows) {
  for (std::uint64_t i = 1; i < 20; ++i) expect_carried(push_of(i, "channel/T/C", i));
  // More documents than there are slots, twice over, in one push each time.
  for (std::uint64_t round = 20; round < 22; ++round) {
    Push push{round, false, {}};
    for (std::uint64_t i = 0; i < crdt::kNameSlots + 500; ++i) {
      push.change.deltas.push_back(
          push_of(1, "channel/T/C" + std::to_string(i), round).change.deltas.front());
    }
    expect_carried(push);
  }
  expect_carried(push_of(22, "channel/T/C", 22));
}

TEST_F(ChangeWire, OneEncodingServesLinksThatKnowDifferentNames) {
  crdt::ToldNames other;
  static_cast<void>(frame_of(push_of(1, "channel/T/C", 1)));
  const Push push = push_of(2, "channel/T/C", 2);
  const Bytes encoded = gossip::encode_push(push.seq, push.firsthand, push.change, sent);
  EXPECT_TRUE(told.tell(sent).empty());
  const auto messages =
      gossip::decode_frame(gossip::encode_names(other.tell(sent)) + encoded, heard);
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->front(), Message(push));
}

TEST_F(ChangeWire, TheSecondPushOfADocumentTakesAFractionOfTheFirst) {
  const std::size_t first = frame_of(push_of(1, "channel/T0123456789/C0123456789", 1)).size();
  const std::size_t second = frame_of(push_of(2, "channel/T0123456789/C0123456789", 2)).size();
  EXPECT_LT(second + 60, first);
}

TEST_F(ChangeWire, RowsAcknowledgedInOrderTakeAnOctetEach) {
  Pushed pushed;
  for (std::uint64_t seq = 1'000'000; seq < 1'000'100; ++seq) pushed.seqs.push_back(seq);
  EXPECT_LE(gossip::pushed_body(pushed).size(), 103u);
  EXPECT_EQ(gossip::decode_pushed(gossip::pushed_body(pushed)).value(), pushed);
}

TEST_F(ChangeWire, LeavesOfAPushAreBoundedOverAllItsDocuments) {
  const auto push = [](std::size_t leaves) {
    Push push{1, false, {}};
    for (const char* key : {"a", "b"}) {
      crdt::Delta delta;
      delta.advance = {{{7}, leaves / 2}};
      for (std::uint64_t i = 1; i <= leaves / 2; ++i) delta.written.push_back({"p", {{7}, i}});
      push.change.deltas.push_back({key, delta});
    }
    return push;
  };
  expect_carried(push(gossip::kPushDotsMax));
  const Push larger = push(gossip::kPushDotsMax + 2);
  EXPECT_FALSE(gossip::fits_push(larger.change));
  EXPECT_FALSE(gossip::decode_frame(frame_of(larger), heard));
}

TEST_F(ChangeWire, AReferenceToAKeyThatWasNeverToldIsRefused) {
  const Bytes body = ByteWriter().varint(1).varint(2).varint(1).take();
  EXPECT_FALSE(gossip::decode_push(body, heard));
}

TEST_F(ChangeWire, ANameThatIsNoDocumentKeyIsRefusedAsOne) {
  ASSERT_TRUE(heard.define(ByteWriter().varint(0).varint(3).octets({"a\0b", 3}).take()));
  // seq, one delta, key, and a delta without anything.
  const auto body = [](const Bytes& key) {
    return ByteWriter().varint(1).varint(2).octets(key).octets({"\0\0\0", 3}).take();
  };
  EXPECT_FALSE(gossip::decode_push(body(ByteWriter().varint(1).take()), heard));
  ASSERT_TRUE(heard.define(ByteWriter().varint(0).varint(3).octets("a/b").take()));
  EXPECT_TRUE(gossip::decode_push(body(ByteWriter().varint(1).take()), heard));
}

TEST_F(ChangeWire, RubbishBehindTheLastRecordIsRefused) {
  const Bytes body = gossip::push_body(1, true, push_of(1, "k", 1).change, sent);
  ASSERT_TRUE(heard.define(told.tell(sent)));
  EXPECT_TRUE(gossip::decode_push(body, heard));
  EXPECT_FALSE(gossip::decode_push(body + "\x05", heard));
}

}  // namespace

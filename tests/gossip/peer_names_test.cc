// Names that a link carries once: honest peers with more of them than there are slots, and liars
// who refer to what they never said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/byte_io.h"
#include "crdt/codec.h"
#include "gossip/wire.h"
#include "tests/support/hostile_peer.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using test::forged_change;
using test::hostile_config;
using test::HostilePeer;
using test::LonePeer;
using test::Mesh;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(PeerNames, MoreDocumentsThanALinkHasSlotsConvergeByPushAlone) {
  Mesh mesh(3, 1);
  ASSERT_TRUE(mesh.settle());
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < crdt::kNameSlots + 200; ++i) {
      mesh.write(i % 3, "channel/T/C" + std::to_string(i), "t/1/text", std::to_string(round));
      if (i % 8 == 0) {
        while (mesh.deliver_one()) {
        }
      }
    }
  }
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_THAT(mesh.notices(), Not(Contains(HasSubstr("dropped"))));
}

TEST(PeerNames, ANewLinkKnowsNothingOfTheOld) {
  Mesh mesh(3, 2);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(mesh.settle());
    for (std::size_t node = 0; node < 3; ++node) {
      mesh.write(node, "channel/T/C", "t/1/text", std::to_string(round));
    }
    while (mesh.deliver_one()) {
    }
    mesh.cut(round % 3, (round + 1) % 3);
    if (round % 4 == 0) mesh.restart(round % 3);
    mesh.heal();
  }
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_THAT(mesh.notices(), Not(Contains(HasSubstr("dropped"))));
}

TEST(PeerNames, ALaterChangeOfADocumentTakesAFractionOfTheFirst) {
  LonePeer peer{{hostile_config(1, "mallory")}};
  HostilePeer other(peer);
  other.begin();
  other.say(gossip::Resume{1, {}});
  other.say(gossip::Resolved{1, 0});
  static_cast<void>(other.hear());
  const auto pushed = [&](const std::string& value) {
    peer.write("channel/T0123456789/C0123456789", "t/0123456789abcdef/text", value);
    return peer.take_sent(other.link()).size();
  };
  const std::size_t first = pushed("1");
  EXPECT_GT(first, 0u);
  EXPECT_LT(pushed("2") + 60, first);
}

class PeerNamesHostile : public testing::Test {
 protected:
  LonePeer victim{{hostile_config(1, "mallory")}};
  HostilePeer mallory{victim, 1};
  crdt::SentNames names;

  Bytes push(const crdt::Change& change) { return gossip::encode_push(1, true, change, names); }

  void expect_dropped_once(const Bytes& frame, const std::string& why) {
    mallory.begin();
    const std::size_t before = victim.notices().size();
    mallory.say_frame(frame);
    EXPECT_TRUE(mallory.dropped());
    EXPECT_EQ(victim.notices().size(), before + 1);
    EXPECT_THAT(victim.notices().back(), AllOf(HasSubstr("mallory"), HasSubstr(why)));
    EXPECT_TRUE(victim.data().empty());
  }
};

TEST_F(PeerNamesHostile, ReferringToWhatWasNeverToldCostsTheLink) {
  const auto change = forged_change(HostilePeer::kRun, 1, "channel/T/C");
  expect_dropped_once(push(change), "a push of a peer names a document wrongly");
}

TEST_F(PeerNamesHostile, AnIdThatWasToldAsANameIsStillNotTheSendersOwn) {
  const Bytes encoded = push(forged_change({123}, 1, "channel/T/C"));
  const Bytes definitions = crdt::ToldNames().tell(names);
  ASSERT_NE(definitions.find(crdt::big_endian(123)), Bytes::npos);
  expect_dropped_once(gossip::encode_names(definitions) + encoded,
                      "a first-hand change under a replica id that it did not announce");
}

TEST_F(PeerNamesHostile, ANamePastTheTableCostsTheLink) {
  const Bytes past = crdt::ByteWriter().varint(crdt::kNameSlots).varint(4).octets("name").take();
  expect_dropped_once(gossip::encode_names(past), "names of a peer break a limit");
}

// A slot is redefined and the old push said again: it now speaks of the new document.
TEST_F(PeerNamesHostile, ARedefinedSlotMeansTheNewNameAndIsJudgedAnew) {
  const Bytes encoded = push({{{"channel/T/C", {}}}, {}});
  Bytes definitions = crdt::ToldNames().tell(names);
  definitions.replace(definitions.find("channel/T/C"), 11, Bytes("channel\0T/C", 11));
  expect_dropped_once(gossip::encode_names(definitions) + encoded,
                      "a push of a peer names a document wrongly");
}

}  // namespace

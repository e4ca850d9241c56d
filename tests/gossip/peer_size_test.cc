// What honest peers hold can be larger than a frame: it must still travel, in parts or by name.
#include <gtest/gtest.h>

#include "crdt/record.h"
#include "gossip/change_wire.h"
#include "gossip/peer.h"
#include "gossip/secure_channel.h"
#include "gossip/wire.h"
#include "tests/support/hostile_peer.h"
#include "tests/support/mesh.h"

namespace {

using test::Mesh;

// Node 0 hears nobody while `write` runs; then 1 learns all of it, and 2 only from 1.
template <class Write>
void relay(Mesh& mesh, Write write) {
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.cut(0, 2);
  write();
  mesh.heal(0, 1);
  ASSERT_TRUE(mesh.settle());
  ASSERT_TRUE(mesh.equal());
}

// The interval that a fragment brings was forwarded as one push, whatever its size.
TEST(PeerSize, ADocumentLargerThanAFrameIsForwardedToAPeerThatIsNotLinkedToItsWriter) {
  Mesh mesh(3, 1);
  relay(mesh, [&] {
    const std::string value(16'000, 'x');
    for (int i = 0; i < 80; ++i) mesh.write(0, "k", "p" + std::to_string(i), value);
  });
}

// A row holds every record of one answer, so a few hundred rows named more than fits a frame.
TEST(PeerSize, MoreRecordKeysThanFitAFrameAreOfferedInTurn) {
  Mesh mesh(3, 2);
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.cut(0, 2);
  mesh.cut(1, 2);
  for (int i = 0; i < 5'000; ++i) {
    std::string key = "t" + std::to_string(i);
    key.resize(crdt::kRecordKeyBytesMax, '.');
    mesh.insert(0, {key, "v"});
  }
  mesh.heal(0, 1);
  ASSERT_TRUE(mesh.settle());
  mesh.heal(1, 2);
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
}

TEST(PeerSize, LargeRecordsAreAnsweredInMessagesThatFitAFrame) {
  Mesh mesh(3, 3);
  relay(mesh, [&] {
    mesh.insert(0, {"p1", std::string(250'000, 'x')});
    mesh.insert(0, {"p2", std::string(900'000, 'y')});
    mesh.insert(0, {"p3", std::string(crdt::kRecordValueBytesMax, 'z')});
  });
}

TEST(PeerSize, AChangeLargerThanAFrameIsOfferedInsteadOfPushed) {
  Mesh mesh(2, 5);
  ASSERT_TRUE(mesh.settle());
  mesh.insert(0, std::vector<crdt::Record>{{"p1", std::string(900'000, 'x')},
                                           {"p2", std::string(900'000, 'y')}});
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.digest(1).records, 2u);
}

TEST(PeerSize, AChangeOfMoreLeavesThanAPushMayHaveIsOfferedInstead) {
  test::LonePeer writer{{test::hostile_config(1, "reader")}};
  test::HostilePeer reader(writer);
  reader.begin();
  reader.say(gossip::Resume{1, {}});
  reader.say(gossip::Resolved{1, 0});
  static_cast<void>(reader.hear());
  const auto write = [&](const std::string& key, std::uint64_t leaves) {
    crdt::Delta delta;
    delta.advance = {{test::LonePeer::kRun, leaves}};
    for (std::uint64_t dot = 1; dot <= leaves; ++dot) {
      delta.written.push_back({"p" + std::to_string(dot), {test::LonePeer::kRun, dot}});
    }
    writer.batch([&](gossip::Peer& peer, crdt::Repository& repository) {
      const crdt::Change change{{{key, delta}}, {}};
      peer.push(repository.apply(change)->seq, change);
    });
  };
  write("small", gossip::kPushDotsMax);
  EXPECT_TRUE(reader.hear_a<gossip::Push>());
  write("large", gossip::kPushDotsMax + 1);
  const auto heard = reader.hear();
  ASSERT_EQ(heard.size(), 1u);
  const auto* offer = std::get_if<gossip::Offer>(&heard.front());
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->documents.front().key, "large");
}

TEST(PeerSize, TheLargestRecordIsPushedToLinkedPeers) {
  Mesh mesh(2, 4);
  ASSERT_TRUE(mesh.settle());
  mesh.insert(0, {"p", std::string(crdt::kRecordValueBytesMax, 'x')});
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
}

}  // namespace

// What it takes until two peers that never met hold the same: where one is empty, where both hold
// all, where a little differs.
#include <gtest/gtest.h>

#include "crdt/keyspace.h"
#include "gossip/wire.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using test::Mesh;

constexpr int kDocuments = 300;

void forget_cursors(crdt::Transaction& txn) {
  std::vector<Bytes> keys;
  txn.scan(crdt::keyspace::cursor({}), crdt::keyspace::cursors_end(),
           [&](BytesView key, BytesView) {
             keys.emplace_back(key);
             return true;
           });
  for (const Bytes& key : keys) txn.erase(key);
}

class PeerFill : public testing::Test {
 protected:
  PeerFill() {
    mesh.tap([this](std::size_t from, std::size_t, BytesView frame) {
      crdt::HeardNames names;
      if (const auto read = gossip::read_frame(frame, names)) {
        for (const gossip::Message& message : read->messages) {
          const auto* offer = std::get_if<gossip::Offer>(&message);
          if (offer != nullptr) named[from] += offer->documents.size() + offer->records.size();
        }
      }
      return Bytes(frame);
    });
    mesh.cut(0, 1);
    for (int i = 0; i < kDocuments; ++i) mesh.write(0, "k" + std::to_string(i), "p", "v");
    for (int i = 0; i < kDocuments; ++i) mesh.insert(0, {"t" + std::to_string(i), "v"});
    mesh.heal();
  }

  // Both start anew, and have never heard of each other.
  void meet_again() {
    named.clear();
    for (const std::size_t node : {0, 1}) mesh.alter(node, forget_cursors);
  }

  Mesh mesh{2, 1};
  std::map<std::size_t, std::size_t> named;  // In offers, by who made them.
};

TEST_F(PeerFill, ANewPeerDoesNotNameToWhoFilledItWhatItHasOfThat) {
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_GE(named[0], 2u * kDocuments);
  EXPECT_EQ(named[1], 0u);
}

TEST_F(PeerFill, TwoThatHoldTheSameNameNothingThoughNeitherHasACursor) {
  ASSERT_TRUE(mesh.settle());
  meet_again();
  const std::uint64_t before = mesh.bytes_sent();
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(named[0] + named[1], 0u);
  EXPECT_LE(mesh.bytes_sent() - before, 2'000u);  // Of which the handshake takes most.
  // And what changes now is told as ever.
  mesh.write(0, "k7", "p", "w");
  mesh.write(1, "k8", "p", "w");
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.read(1, "k7", "p"), "w");
  EXPECT_EQ(mesh.read(0, "k8", "p"), "w");
}

TEST_F(PeerFill, WhereOneChangeDiffersItIsFoundByName) {
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.write(1, "k7", "p", "w");
  meet_again();
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_GE(named[0] + named[1], 2u * kDocuments);
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.read(0, "k7", "p"), "w");
}

// What a healed document adds to the digest is not known before a walk has counted it: until then,
// and in later processes, too, nobody is told that two stores hold the same.
TEST_F(PeerFill, ADigestThatIsInDoubtVouchesForNothing) {
  ASSERT_TRUE(mesh.settle());
  mesh.alter(0, [](crdt::Transaction& txn) { txn.put(crdt::keyspace::uncounted(), {}); });
  EXPECT_FALSE(mesh.repository(0).digest_known());
  meet_again();
  EXPECT_FALSE(mesh.repository(0).digest_known());
  ASSERT_TRUE(mesh.settle());
  EXPECT_GE(named[0] + named[1], 2u * kDocuments);
  EXPECT_TRUE(mesh.equal());
  mesh.pass(std::chrono::minutes(6));  // The first walk.
  EXPECT_TRUE(mesh.repository(0).digest_known());
}

}  // namespace

// Stores that are compared whole: nothing to do costs next to nothing, and what no cursor knows of
// is found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "crdt/checksum.h"
#include "crdt/codec.h"
#include "crdt/keyspace.h"
#include "gossip/peer.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using test::Mesh;
using namespace std::chrono_literals;

constexpr auto kFirstWalk = 8min;  // Until it has ended on both sides, and what it began.

class PeerCompare : public testing::Test {
 protected:
  PeerCompare() {
    EXPECT_TRUE(mesh.settle());
    for (int i = 0; i < 200; ++i) mesh.write(i % 2, "k" + std::to_string(i), "t/1/text", "v");
    EXPECT_TRUE(mesh.settle());
  }

  const gossip::Comparer::Counts& counts(std::size_t node) {
    return mesh.peer(node).comparer().counts();
  }

  std::uint64_t compare_octets() {
    return mesh.peer(0).compare_octets() + mesh.peer(1).compare_octets();
  }

  static void lose(crdt::Transaction& txn, const std::string& key) {
    txn.erase(crdt::keyspace::document_header(key));
    txn.erase(crdt::keyspace::document_group(key, "t/1"));
  }

  Mesh mesh{2, 40};
};

TEST_F(PeerCompare, StoresInSyncAreComparedInSixtyFourOctets) {
  mesh.pass(kFirstWalk);
  EXPECT_EQ(counts(0).same, 1u);
  EXPECT_EQ(counts(1).same, 1u);
  EXPECT_LE(compare_octets(), 64u);
}

TEST_F(PeerCompare, WhatAStoreLostWithoutKnowingIsFoundAndFetched) {
  mesh.alter(1, [](crdt::Transaction& txn) {
    for (const char* key : {"k3", "k4", "k77"}) lose(txn, key);
    txn.erase(crdt::keyspace::record("t7"));
  });
  mesh.alter(0, [](crdt::Transaction& txn) {
    lose(txn, "k100");
    txn.erase(crdt::keyspace::record("t9"));
  });
  ASSERT_TRUE(mesh.settle());
  mesh.pass(kFirstWalk);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(1, "k77", "t/1/text"), "v");
  EXPECT_EQ(mesh.read(0, "k100", "t/1/text"), "v");
  mesh.pass(1h);
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(counts(0).differed, 1u);
  EXPECT_EQ(counts(0).same, 1u);
}

// Random ones, on both sides, of which no cursor knows.
TEST(PeerCompareOfMany, AHundredThatDifferAmongTenThousandCostLessThanSixKilobytes) {
  Mesh mesh(2, 41);
  ASSERT_TRUE(mesh.settle());
  for (int batch = 0; batch < 10; ++batch) {
    std::vector<crdt::Record> records;
    for (int i = 0; i < 1'000; ++i) {
      records.push_back({"x" + std::to_string(1'000 * batch + i), "value"});
    }
    mesh.insert(0, records);
  }
  ASSERT_TRUE(mesh.settle());
  for (const std::size_t node : {0, 1}) {
    mesh.alter(node, [&](crdt::Transaction& txn) {
      for (std::size_t i = node; i < 100; i += 2) {
        txn.erase(crdt::keyspace::record("x" + std::to_string(97 * i)));
      }
    });
  }
  ASSERT_TRUE(mesh.settle());
  mesh.pass(kFirstWalk);
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.digest(0).records, 10'000u);
  EXPECT_LT(mesh.peer(0).compare_octets() + mesh.peer(1).compare_octets(), 6'000u);
}

TEST_F(PeerCompare, StoresThatDifferTooMuchToNameItAreOfferedWhole) {
  for (int batch = 0; batch < 6; ++batch) {
    std::vector<crdt::Record> records;
    for (int i = 0; i < 1'000; ++i) {
      records.push_back({"x" + std::to_string(1'000 * batch + i), "value"});
    }
    mesh.insert(0, records);
  }
  ASSERT_TRUE(mesh.settle());
  mesh.alter(1, [&](crdt::Transaction& txn) {
    for (int i = 0; i < 6'000; ++i) txn.erase(crdt::keyspace::record("x" + std::to_string(i)));
  });
  ASSERT_TRUE(mesh.settle());
  mesh.pass(kFirstWalk);
  ASSERT_TRUE(mesh.settle());
  // And each began a new run: to the one that lost it, nobody names what came from it.
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(counts(0).differed, 0u);
}

// Each peer writes all the time: what is under way shows as different, and costs little.
TEST_F(PeerCompare, WhileBothPeersWriteNothingIsTakenForLost) {
  mesh.pass(kFirstWalk);
  for (int i = 0; i < 300; ++i) {
    mesh.write(i % 2, "k" + std::to_string(i % 7), "t/1/text", std::to_string(i));
    mesh.deliver_one();
    mesh.pass(15s);
  }
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.peer(0).united() + mesh.peer(1).united(), 0u);
  EXPECT_GE(counts(0).same, 1u);
}

TEST_F(PeerCompare, TwoStatesUnderOneVectorBecomeTheirUnionOnBoth) {
  const Bytes row = crdt::keyspace::document_group("k5", "t/1");
  mesh.alter(1, [&](crdt::Transaction& txn) {
    const Bytes sealed(txn.get(row).value());
    auto leaves = crdt::decode_leaves(*crdt::open_value(sealed));
    ASSERT_TRUE(leaves);
    leaves->front().value = "another";
    leaves->front().stamp.request.low += 1'000;
    txn.put(row, crdt::seal_value(crdt::encode_leaves(*leaves)));
  });
  ASSERT_TRUE(mesh.settle());
  ASSERT_EQ(mesh.document(0, "k5").context(), mesh.document(1, "k5").context());
  ASSERT_FALSE(mesh.document(0, "k5") == mesh.document(1, "k5"));
  mesh.pass(kFirstWalk);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.document(0, "k5"), mesh.document(1, "k5"));
  EXPECT_EQ(mesh.document(0, "k5").at("t/1/text").size(), 2u);  // Neither is lost.
  EXPECT_EQ(mesh.peer(0).united() + mesh.peer(1).united(), 1u);
  EXPECT_TRUE(mesh.equal());
}

// Its dots are minted twice, which nothing inside can tell, and cursors vouch for what is gone.
TEST_F(PeerCompare, AMachineWhoseMemoryWasPutBackIsHealedAndNothingIsLost) {
  const node::MemoryStore before = mesh.snapshot(0);
  mesh.write(0, "k5", "t/1/text", "gone");
  mesh.write(0, "k5", "t/1/text", "gone, too");
  mesh.write(0, "k6", "t/1/text", "gone as well");
  ASSERT_TRUE(mesh.settle());
  mesh.put_back(0, before);
  mesh.write(0, "k5", "t/2/text", "since");  // Under a dot of what is gone.
  mesh.write(0, "k6", "t/2/text", "since");
  ASSERT_TRUE(mesh.settle());
  mesh.pass(3h);
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  for (const std::size_t node : {0, 1}) {
    EXPECT_EQ(mesh.read(node, "k5", "t/1/text"), "gone, too") << node;
    EXPECT_EQ(mesh.read(node, "k5", "t/2/text"), "since") << node;
    EXPECT_EQ(mesh.read(node, "k6", "t/1/text"), "gone as well") << node;
    EXPECT_EQ(mesh.read(node, "k6", "t/2/text"), "since") << node;
  }
}

// What others write on top of what it lost brings that back, too: links must not break at it for
// ever, as they did.
TEST_F(PeerCompare, AMachineWhoseMemoryWasPutBackStaysLinkedWhileOthersWriteOn) {
  const node::MemoryStore before = mesh.snapshot(0);
  mesh.write(0, "k5", "t/1/text", "gone");
  mesh.write(0, "k5", "t/1/text", "gone, too");
  ASSERT_TRUE(mesh.settle());
  mesh.put_back(0, before);
  mesh.write(1, "k5", "t/3/text", "by another");
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(0, "k5", "t/1/text"), "gone, too");
  EXPECT_EQ(mesh.read(0, "k5", "t/3/text"), "by another");
  mesh.write(0, "k5", "t/4/text", "after");
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
}

}  // namespace

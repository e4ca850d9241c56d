// Stored values that a disk has changed: found, never believed, and put right from peers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "crdt/keyspace.h"
#include "gossip/peer.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using test::Mesh;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const Bytes kHeader = crdt::keyspace::document_header("k");

Bytes group(const std::string& name) { return crdt::keyspace::document_group("k", name); }

// Two nodes, and document k with two groups on both.
class PeerRepair : public testing::Test {
 protected:
  PeerRepair() {
    EXPECT_TRUE(mesh.settle());
    mesh.write(0, "k", "t/1/text", "disk full");
    mesh.write(1, "k", "t/2/text", "db down");
    EXPECT_TRUE(mesh.settle());
  }

  void expect_both_hold_all() {
    for (const std::size_t node : {0, 1}) {
      EXPECT_EQ(mesh.read(node, "k", "t/1/text"), "disk full") << node;
      EXPECT_EQ(mesh.read(node, "k", "t/2/text"), "db down") << node;
    }
    EXPECT_EQ(mesh.document(0, "k"), mesh.document(1, "k"));
    EXPECT_TRUE(mesh.equal());
  }

  Mesh mesh{2, 30};
};

TEST_F(PeerRepair, ADamagedGroupIsHealedFromAPeer) {
  mesh.damage(0, group("t/1"));
  mesh.write(0, "other", "p", "v");
  mesh.pass(6min);  // Nobody reads it but the walk.
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.repository(0).damage_counts().healed, 1u);
  EXPECT_EQ(mesh.repository(0).damage_counts().lost, 0u);
  expect_both_hold_all();
}

TEST_F(PeerRepair, ADocumentInMemoryHealsItsOwnRows) {
  const crdt::Document before = mesh.document(0, "k");
  mesh.cut(0, 1);
  mesh.flip(0, group("t/1"));
  mesh.pass(6min);
  EXPECT_EQ(mesh.document(0, "k"), before);
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("healed from memory")));
}

TEST_F(PeerRepair, ALostHeaderIsHealedAndNoDotIsMintedTwice) {
  mesh.damage(0, kHeader);
  mesh.pass(6min);
  mesh.write(0, "k", "t/3/text", "since");
  ASSERT_TRUE(mesh.settle());
  expect_both_hold_all();
  EXPECT_EQ(mesh.read(1, "k", "t/3/text"), "since");
}

TEST_F(PeerRepair, WhatOnlyTheDamagedPeerHeldInSoundRowsIsKept) {
  for (const Bytes& row : {kHeader, group("t/1")}) {
    mesh.cut(0, 1);
    mesh.write(0, "k", "t/9/text", "only here");
    mesh.damage(0, row);
    mesh.heal();
    mesh.pass(6min);
    ASSERT_TRUE(mesh.settle());
    EXPECT_EQ(mesh.read(1, "k", "t/9/text"), "only here");
    expect_both_hold_all();
  }
}

TEST_F(PeerRepair, WhatExistedOnlyInADamagedRowIsLostAndSaidSo) {
  mesh.cut(0, 1);
  mesh.write(0, "k", "t/9/text", "only here");
  mesh.damage(0, group("t/9"));
  mesh.heal();
  mesh.pass(6min);
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("held of t/9 is lost")));
  EXPECT_EQ(mesh.read(0, "k", "t/9/text"), "");
  expect_both_hold_all();
}

TEST_F(PeerRepair, TwoPeersDamagedInDifferentDocumentsHealEachOther) {
  mesh.write(0, "j", "p", "v");
  ASSERT_TRUE(mesh.settle());
  mesh.damage(0, group("t/1"));
  mesh.damage(1, crdt::keyspace::document_header("j"));
  mesh.pass(6min);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(1, "j", "p"), "v");
  expect_both_hold_all();
}

TEST_F(PeerRepair, TwoPeersDamagedInOneDocumentKeepWhatIsSoundOnEither) {
  mesh.damage(0, group("t/1"));
  mesh.damage(1, group("t/2"));
  mesh.pass(6min);
  ASSERT_TRUE(mesh.settle());
  expect_both_hold_all();
}

TEST_F(PeerRepair, ADamagedRecordIsHealedAndOneThatNobodyElseHoldsIsGivenUp) {
  mesh.insert(1, crdt::Record{"t-shared", "all have it"});
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.insert(0, crdt::Record{"t-alone", "one has it"});
  mesh.damage(0, crdt::keyspace::record("t-shared"));
  mesh.damage(0, crdt::keyspace::record("t-alone"));
  mesh.heal();
  mesh.pass(6min);
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("record t-shared is healed")));
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("record t-alone is lost")));
  expect_both_hold_all();
}

TEST_F(PeerRepair, ADamagedRowOfTheLogIsWrittenAnewAndItsDocumentStillOffered) {
  mesh.cut(0, 1);
  const std::uint64_t seq = mesh.write(0, "j", "p", "v");
  mesh.write(0, "other", "p", "v");
  mesh.damage(0, crdt::keyspace::log(seq));
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(1, "j", "p"), "v");
  EXPECT_EQ(mesh.read(1, "other", "p"), "v");
  EXPECT_TRUE(mesh.equal());  // The records that it named, too.
}

TEST_F(PeerRepair, TheNewestRowOfTheLogCanBeLostToo) {
  mesh.cut(0, 1);
  mesh.damage(0, crdt::keyspace::log(mesh.write(0, "j", "p", "v")));
  mesh.write(0, "k", "p", "after");
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(1, "j", "p"), "v");
  EXPECT_EQ(mesh.read(1, "k", "p"), "after");
}

// While it was damaged, cursors moved past changes that could not be merged.
TEST_F(PeerRepair, ChangesThatCameWhileItWasDamagedAreNotForgotten) {
  mesh.damage(0, group("t/1"));
  mesh.write(1, "k", "t/3/text", "meanwhile");
  mesh.pass(6min);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.read(0, "k", "t/3/text"), "meanwhile");
  expect_both_hold_all();
}

TEST(PeerRepairOfThree, APeerThatIsItselfBehindDoesNotTakeADocumentBack) {
  Mesh mesh(3, 31);
  ASSERT_TRUE(mesh.settle());
  mesh.write(0, "k", "t/1/text", "first");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.cut(1, 2);
  mesh.write(2, "k", "t/1/text", "second");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 2);
  mesh.damage(0, group("t/1"));
  mesh.heal(0, 1);
  mesh.pass(6min);
  EXPECT_EQ(mesh.repository(0).unreadable(), 1u);  // And no answer of yesterday.
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  for (const std::size_t node : {0, 1, 2}) EXPECT_EQ(mesh.read(node, "k", "t/1/text"), "second");
  EXPECT_TRUE(mesh.equal());
}

// The cursor for the third peer claims its removal, which the lost header alone knew of.
TEST(PeerRepairOfThree, AfterALostHeaderEveryPeerIsAskedOnceMore) {
  Mesh mesh(3, 32);
  ASSERT_TRUE(mesh.settle());
  mesh.write(0, "k", "t/1/text", "first");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.cut(1, 2);
  mesh.remove(2, "k", "t/1/text");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 2);
  mesh.damage(0, kHeader);
  mesh.heal(0, 1);
  mesh.pass(6min);
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  for (const std::size_t node : {0, 1, 2}) EXPECT_EQ(mesh.read(node, "k", "t/1/text"), "");
  EXPECT_TRUE(mesh.equal());
}

// Any stored value but a row of the log, on any peer, between writes, cuts and restarts: all end
// sound and equal.
TEST(PeerRepairOfThree, RandomSchedulesWithDamageEndEqualAndSound) {
  for (std::uint64_t seed = 3'000; seed < 3'040; ++seed) {
    Mesh mesh(3, seed);
    for (int step = 0; step < 100; ++step) {
      const std::uint64_t dice = mesh.rng().below(100);
      const std::size_t node = mesh.rng().below(3);
      if (dice < 30) {
        mesh.write(node, "k" + std::to_string(mesh.rng().below(3)),
                   "t/" + std::to_string(mesh.rng().below(3)) + "/p", std::to_string(step));
      } else if (dice < 75) {
        mesh.deliver_one();
      } else if (dice < 85) {
        mesh.pass_time();
      } else if (dice < 89) {
        mesh.cut(node, (node + 1) % 3);
      } else if (dice < 94) {
        mesh.heal();
      } else if (dice < 96) {
        mesh.restart(node);
      } else {
        mesh.damage_any(node);
      }
    }
    mesh.heal();
    mesh.pass(11min);  // Twice: healing makes rows that the first walk has passed.
    ASSERT_TRUE(mesh.settle(120)) << "seed " << seed;
    ASSERT_TRUE(mesh.equal()) << "seed " << seed;
    for (const std::string key : {"k0", "k1", "k2"}) {
      ASSERT_EQ(mesh.document(0, key), mesh.document(1, key)) << "seed " << seed;
      ASSERT_EQ(mesh.document(0, key), mesh.document(2, key)) << "seed " << seed;
    }
    ASSERT_THAT(mesh.notices(), Not(Contains(HasSubstr(": it ")))) << "seed " << seed;
  }
}

}  // namespace

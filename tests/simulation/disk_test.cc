#include "simulation/disk.h"

#include <gtest/gtest.h>

#include "simulation/dice.h"

namespace {

using simulation::Dice;
using simulation::Disk;

void put(Disk& disk, const std::string& key, const std::string& value) {
  disk.begin().put(key, value);
  ASSERT_TRUE(disk.commit());
}

// How far a change of two rows gets before the power goes.
std::size_t rows_after_loss_at(Disk::Moment moment, std::uint64_t count) {
  Disk disk;
  disk.live(true);
  disk.lose_power_at(moment, count);
  try {
    crdt::Transaction& txn = disk.begin();
    txn.put("a", "1");
    txn.put("b", "2");
    static_cast<void>(disk.commit());
    ADD_FAILURE() << "the power stayed";
  } catch (const Disk::PowerLoss&) {
    disk.recover();
  }
  return disk.contents().size();
}

TEST(Disk, LosesAllOfAChangeOrNothingWhereverThePowerGoes) {
  for (std::uint64_t count = 1; count <= 3; ++count) {
    EXPECT_EQ(rows_after_loss_at(Disk::Moment::kOperation, count), 0u);
  }
  EXPECT_EQ(rows_after_loss_at(Disk::Moment::kBeforeCommit, 1), 0u);
  EXPECT_EQ(rows_after_loss_at(Disk::Moment::kAfterCommit, 1), 2u);
}

TEST(Disk, CountsOnlyWhatTheNodeItselfDoes) {
  Disk disk;
  disk.lose_power_at(Disk::Moment::kOperation, 1);
  EXPECT_NO_THROW(put(disk, "a", "1"));
  disk.live(true);
  EXPECT_THROW(disk.begin(), Disk::PowerLoss);
}

TEST(Disk, AFailedCommitLeavesWhatItWasToldTo) {
  for (const auto remains : {Disk::Remains::kNothing, Disk::Remains::kEverything}) {
    Disk disk;
    disk.fail_commits(1, remains);
    disk.begin().put("a", "1");
    const auto failed = disk.commit();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, node::CommitFailure::kIo);
    EXPECT_EQ(disk.contents().contains("a"), remains == Disk::Remains::kEverything);
    put(disk, "b", "2");
  }
}

TEST(Disk, AFullOneTakesNoWritesAndGoesOnReading) {
  Disk disk;
  put(disk, "a", "1");
  disk.set_full(true);
  disk.begin().put("b", "2");
  const auto failed = disk.commit();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, node::CommitFailure::kDiskFull);
  EXPECT_EQ(disk.begin().get("a"), "1");
  EXPECT_TRUE(disk.commit());
  EXPECT_EQ(disk.size().free_bytes, 0u);
}

TEST(Disk, AnHonestOneKeepsItsCommitsAndALyingOneForgetsThem) {
  Disk disk;
  put(disk, "a", "1");
  disk.set_lying(true);
  put(disk, "a", "2");
  put(disk, "b", "3");
  disk.recover();
  EXPECT_EQ(disk.contents(), (Disk::Contents{{"a", "1"}}));
  EXPECT_EQ(disk.bytes(), 2u);
}

TEST(Disk, ALyingOneMayKeepItsEarlierCommits) {
  Disk disk;
  disk.set_lying(true, 50);
  put(disk, "a", "1");
  put(disk, "a", "2");
  put(disk, "b", "3");
  put(disk, "c", "4");
  disk.recover();
  EXPECT_EQ(disk.contents(), (Disk::Contents{{"a", "2"}}));
}

TEST(Disk, FlipsExactlyOneBit) {
  Disk disk;
  Dice dice(1, "test");
  EXPECT_FALSE(disk.flip_bit(dice.rng()));
  put(disk, "a", std::string(8, '\0'));
  EXPECT_TRUE(disk.flip_bit(dice.rng()));
  int bits = 0;
  for (const char c : disk.contents().at("a")) bits += std::popcount(static_cast<unsigned char>(c));
  EXPECT_EQ(bits, 1);
}

}  // namespace

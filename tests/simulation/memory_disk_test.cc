#include "simulation/memory_disk.h"

#include <gtest/gtest.h>

#include "simulation/dice.h"

namespace {

using simulation::Dice;
using simulation::MemoryDisk;

void put(MemoryDisk& disk, const std::string& key, const std::string& value) {
  disk.begin().put(key, value);
  ASSERT_TRUE(disk.commit());
}

// How far a change of two rows gets before the power goes.
std::size_t rows_after_loss_at(MemoryDisk::Moment moment, std::uint64_t count) {
  MemoryDisk disk;
  disk.live(true);
  disk.lose_power_at(moment, count);
  try {
    crdt::Transaction& txn = disk.begin();
    txn.put("a", "1");
    txn.put("b", "2");
    static_cast<void>(disk.commit());
    ADD_FAILURE() << "the power stayed";
  } catch (const MemoryDisk::PowerLoss&) {
    disk.recover();
  }
  return disk.contents().size();
}

TEST(MemoryDisk, LosesAllOfAChangeOrNothingWhereverThePowerGoes) {
  for (std::uint64_t count = 1; count <= 3; ++count) {
    EXPECT_EQ(rows_after_loss_at(MemoryDisk::Moment::kOperation, count), 0u);
  }
  EXPECT_EQ(rows_after_loss_at(MemoryDisk::Moment::kBeforeCommit, 1), 0u);
  EXPECT_EQ(rows_after_loss_at(MemoryDisk::Moment::kAfterCommit, 1), 2u);
}

TEST(MemoryDisk, CountsOnlyWhatTheNodeItselfDoes) {
  MemoryDisk disk;
  disk.lose_power_at(MemoryDisk::Moment::kOperation, 1);
  EXPECT_NO_THROW(put(disk, "a", "1"));
  disk.live(true);
  EXPECT_THROW(disk.begin(), MemoryDisk::PowerLoss);
}

TEST(MemoryDisk, AFailedCommitLeavesWhatItWasToldTo) {
  for (const auto remains : {MemoryDisk::Remains::kNothing, MemoryDisk::Remains::kEverything}) {
    MemoryDisk disk;
    disk.fail_commits(1, remains);
    disk.begin().put("a", "1");
    const auto failed = disk.commit();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, node::CommitFailure::kIo);
    EXPECT_EQ(disk.contents().contains("a"), remains == MemoryDisk::Remains::kEverything);
    put(disk, "b", "2");
  }
}

TEST(MemoryDisk, AFullOneTakesNoWritesAndGoesOnReading) {
  MemoryDisk disk;
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

TEST(MemoryDisk, AnHonestOneKeepsItsCommitsAndALyingOneForgetsThem) {
  MemoryDisk disk;
  put(disk, "a", "1");
  disk.set_lying(true);
  put(disk, "a", "2");
  put(disk, "b", "3");
  disk.recover();
  EXPECT_EQ(disk.contents(), (MemoryDisk::Contents{{"a", "1"}}));
  EXPECT_EQ(disk.bytes(), 2u);
}

TEST(MemoryDisk, ALyingOneMayKeepItsEarlierCommits) {
  MemoryDisk disk;
  disk.set_lying(true, 50);
  put(disk, "a", "1");
  put(disk, "a", "2");
  put(disk, "b", "3");
  put(disk, "c", "4");
  disk.recover();
  EXPECT_EQ(disk.contents(), (MemoryDisk::Contents{{"a", "2"}}));
}

TEST(MemoryDisk, FlipsExactlyOneBit) {
  MemoryDisk disk;
  Dice dice(1, "test");
  EXPECT_FALSE(disk.flip_bit(dice.rng()));
  put(disk, "a", std::string(8, '\0'));
  EXPECT_TRUE(disk.flip_bit(dice.rng()));
  int bits = 0;
  const crdt::Bytes flipped = disk.contents().at("a");
  for (const char c : flipped) bits += std::popcount(static_cast<unsigned char>(c));
  EXPECT_EQ(bits, 1);
}

}  // namespace

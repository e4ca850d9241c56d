// Production's store over files that fail: what a node finds after each way to lose power.
#include "simulation/lmdb_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>

#include "simulation/store_view.h"
#include "tests/support/process.h"

namespace {

using simulation::Dice;
using simulation::Disk;
using simulation::LmdbDisk;
using simulation::rows_of;

using Rows = std::map<crdt::Bytes, crdt::Bytes>;

boost::system::result<void, node::CommitError> put(node::Store& store, const Rows& rows) {
  crdt::Transaction& txn = store.begin();
  for (const auto& [key, value] : rows) txn.put(key, value);
  return store.commit();
}

// What the `commit`th of many makes of all rows.
Rows state(std::size_t commit) {
  Rows rows;
  for (char key = 'a'; key <= 'e'; ++key) {
    rows[crdt::Bytes(1, key)] = crdt::Bytes(300, static_cast<char>('0' + commit));
  }
  return rows;
}

class LmdbDiskTest : public testing::Test {
 protected:
  // So small that what is written is in the journal and in LMDB's file in turn.
  [[nodiscard]] LmdbDisk disk(std::uint64_t seed = 1) {
    node::WriteBehind::Limits limits;
    limits.waiting_bytes = 3'000;
    limits.journal_pages = 8;
    return {std::filesystem::canonical(folder_.path()) / std::to_string(++made_), limits,
            Dice(seed, "test")};
  }

  // Commits until the power goes at that moment: either the last one that returned is there, or the
  // one at which it went. False where there is no such moment.
  bool goes_at(Disk::Moment moment, std::uint64_t count) {
    LmdbDisk disk = this->disk(count);
    auto store = disk.open();
    EXPECT_TRUE(put(*store, state(0)));
    disk.live(true);
    disk.lose_power_at(moment, count);
    std::size_t returned = 0;
    try {
      for (; returned < kCommits; ++returned) EXPECT_TRUE(put(*store, state(returned + 1)));
      return false;
    } catch (const Disk::PowerLoss& loss) {
      EXPECT_EQ(loss.moment, moment);
    }
    store.reset();
    disk.end_process();
    const Rows left = rows_of(*disk.open());
    EXPECT_TRUE(left == state(returned) || left == state(returned + 1)) << count;
    return true;
  }

  static constexpr std::size_t kCommits = 8;

  tests::TemporaryFolder folder_;
  int made_ = 0;
};

TEST_F(LmdbDiskTest, HoldsAllOfAChangeOrNothingWhereverThePowerGoes) {
  for (const auto moment :
       {Disk::Moment::kOperation, Disk::Moment::kBeforeCommit, Disk::Moment::kAfterCommit}) {
    std::uint64_t count = 1;
    while (goes_at(moment, count)) ++count;
    EXPECT_GT(count, kCommits) << "a sync for each commit, at the least";
  }
}

TEST_F(LmdbDiskTest, AProcessThatDiesLosesItsOpenTransactionAlone) {
  LmdbDisk disk = this->disk();
  auto store = disk.open();
  ASSERT_TRUE(put(*store, state(1)));
  store->begin().put("a", "2");
  store.reset();
  disk.end_process();
  EXPECT_EQ(rows_of(*disk.open()), state(1));
}

TEST_F(LmdbDiskTest, AFailedCommitLeavesItsBatchOrNothingAndTheNextOneHolds) {
  for (const auto remains : {Disk::Remains::kNothing, Disk::Remains::kEverything}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      LmdbDisk disk = this->disk(seed);
      const auto store = disk.open();
      ASSERT_TRUE(put(*store, state(0)));
      disk.fail_commits(1, remains);
      const auto failed = put(*store, state(1));
      ASSERT_FALSE(failed);
      EXPECT_THAT(failed.error().message, testing::Not(testing::HasSubstr(folder_.path())));
      EXPECT_EQ(rows_of(*store), state(remains == Disk::Remains::kEverything ? 1 : 0));
      EXPECT_TRUE(put(*store, state(2)));
      EXPECT_EQ(rows_of(*store), state(2));
    }
  }
}

TEST_F(LmdbDiskTest, AFullOneTakesNoWritesAndGoesOnReading) {
  LmdbDisk disk = this->disk();
  const auto store = disk.open();
  ASSERT_TRUE(put(*store, state(1)));
  disk.set_full(true);
  const auto failed = put(*store, state(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, node::CommitFailure::kDiskFull);
  EXPECT_EQ(store->size().free_bytes, 0u);
  EXPECT_EQ(rows_of(*store), state(1));
  disk.set_full(false);
  EXPECT_TRUE(put(*store, state(2)));
}

TEST_F(LmdbDiskTest, ALyingOneKeepsItsEarlierCommits) {
  LmdbDisk disk = this->disk();
  for (const std::uint64_t kept_percent : {0, 50, 99}) {
    auto store = disk.open();
    ASSERT_TRUE(put(*store, state(0)));
    disk.set_lying(true, kept_percent);
    for (std::size_t commit = 1; commit <= kCommits; ++commit) {
      ASSERT_TRUE(put(*store, state(commit)));
    }
    store.reset();
    disk.recover();
    disk.set_lying(false);
    const Rows left = rows_of(*disk.open());
    std::size_t at = 0;
    while (at < kCommits && left != state(at)) ++at;
    EXPECT_LT(at, kCommits);
    EXPECT_TRUE(kept_percent > 0 || at == 0);
  }
}

TEST_F(LmdbDiskTest, ACopyHoldsWhatItsOriginalHeldAndAnEmptyOneNothing) {
  LmdbDisk one = disk();
  auto store = one.open();
  ASSERT_TRUE(put(*store, state(1)));
  LmdbDisk other = disk();
  other.replace(one.contents());
  ASSERT_TRUE(put(*store, state(2)));
  EXPECT_EQ(rows_of(*other.open()), state(1));
  other.replace({});
  EXPECT_EQ(rows_of(*other.open()), Rows());
}

TEST_F(LmdbDiskTest, FlipsExactlyOneBitOfAValueThatLmdbStores) {
  LmdbDisk disk = this->disk();
  const auto store = disk.open();
  for (std::size_t commit = 1; commit <= kCommits; ++commit) {
    ASSERT_TRUE(put(*store, {{"a" + std::to_string(commit), crdt::Bytes(3'000, '\0')}}));
  }
  Dice dice(1, "flip");
  int bits = 0;
  for (int i = 0; i < 10; ++i) {  // One of them may hit the row that says where replaying begins.
    EXPECT_TRUE(disk.flip_bit(dice.rng()));
  }
  for (const auto& [key, value] : rows_of(*store)) {
    for (const char c : value) bits += std::popcount(static_cast<unsigned char>(c));
  }
  EXPECT_GE(bits, 7);
  EXPECT_LE(bits, 10);
}

TEST_F(LmdbDiskTest, ADamagedOneCannotBeOpenedAndSaysSoWithoutNames) {
  LmdbDisk disk = this->disk();
  Disk::Contents contents;
  contents["data.mdb"] = "no store";
  disk.replace(contents);
  try {
    static_cast<void>(disk.open());
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("its folder"));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr(folder_.path())));
  }
}

}  // namespace

#include "node/write_behind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>

#include "node/journal_file.h"
#include "node/journal_rows.h"
#include "node/memory_store.h"
#include "tests/support/case_count.h"
#include "tests/support/choices.h"
#include "tests/support/process.h"
#include "tests/support/property.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using node::CommitFailure;
using node::MemoryStore;
using node::Store;
using node::WriteBehind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Contents = std::map<Bytes, Bytes>;

constexpr WriteBehind::Limits kSmall{4'096, 64};

Contents range_of(crdt::Transaction& txn, BytesView from = "", BytesView to = "") {
  Contents all;
  txn.scan(from, to, [&](BytesView key, BytesView value) {
    EXPECT_TRUE(all.emplace(key, value).second);
    return true;
  });
  return all;
}

Contents contents_of(Store& store) {
  Contents all = range_of(store.begin());
  store.abort();
  return all;
}

// What lies in its place in the store behind.
Contents placed_in(const MemoryStore& store) {
  return {store.contents().begin(), store.contents().lower_bound(WriteBehind::kFirstKey)};
}

// A WriteBehind with its journal.
class Front final : public Store {
 public:
  Front(Store& store, WriteBehind::Limits limits)
      : journal_(store), behind_(store, journal_, limits) {}

  [[nodiscard]] crdt::Result<void> open() { return behind_.open(); }
  crdt::Transaction& begin() override { return behind_.begin(); }
  boost::system::result<void, node::CommitError> commit() override { return behind_.commit(); }
  void abort() override { behind_.abort(); }
  [[nodiscard]] node::StoreSize size() const override { return behind_.size(); }

  [[nodiscard]] std::size_t waiting_bytes() const { return behind_.waiting_bytes(); }
  [[nodiscard]] std::uint64_t journal_pages() const { return behind_.journal_pages(); }

 private:
  node::JournalRows journal_;
  WriteBehind behind_;
};

std::unique_ptr<Front> open_on(Store& store, WriteBehind::Limits limits = kSmall) {
  auto front = std::make_unique<Front>(store, limits);
  const auto opened = front->open();
  EXPECT_TRUE(opened) << opened.error().message;
  return front;
}

void put(Store& store, BytesView key, BytesView value) {
  store.begin().put(key, value);
  EXPECT_TRUE(store.commit());
}

// No more than the head of node/write_behind.h says.
void expect_bounds(const Front& store, WriteBehind::Limits limits) {
  ASSERT_LE(store.waiting_bytes(), limits.waiting_bytes);
  ASSERT_LE(store.journal_pages(), limits.journal_pages);
}

// --- the same work on it and on a MemoryStore ---------------------------------------------------

Bytes any_key() {
  const int number = *rc::gen::inRange(0, 40);
  if (number == 0) return "\xfe\xff";
  if (number == 1) return Bytes(511, 'k');
  return "k" + std::to_string(number);
}

// Empty, within a page, over several rows, above all that may wait.
Bytes any_value() {
  const auto size = *rc::gen::element(0, 1, 60, 700, 9'000, 2 * 4'096);
  return Bytes(static_cast<std::size_t>(size), *rc::gen::inRange('a', 'z'));
}

class Twins {
 public:
  explicit Twins(WriteBehind::Limits limits) : limits_(limits), front_(open_on(behind_, limits)) {}

  void run_transaction() {
    crdt::Transaction& front = front_->begin();
    crdt::Transaction& reference = reference_.begin();
    for (int steps = *rc::gen::inRange(0, 10); steps > 0; --steps) {
      write(front, reference);
      compare(front, reference);
    }
    RC_ASSERT(range_of(front) == range_of(reference));
    end_transaction();
    check_the_next_life();
  }

  void any_fault() {
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        return behind_.set_disk_full(disk_full_ = !disk_full_);
      case 1:  // Until the next crash.
        behind_.set_lose_syncs(true);
        return reference_.set_lose_syncs(true);
      case 2:
        return crash();
      default:
        fail_next_ = true;
    }
  }

 private:
  static void write(crdt::Transaction& front, crdt::Transaction& reference) {
    const Bytes key = any_key();
    if (*rc::gen::inRange(0, 3) == 0) {
      front.erase(key);
      reference.erase(key);
    } else {
      const Bytes value = any_value();
      front.put(key, value);
      reference.put(key, value);
    }
  }

  static void compare(crdt::Transaction& front, crdt::Transaction& reference) {
    const Bytes key = any_key(), to = *rc::gen::inRange(0, 4) == 0 ? Bytes() : any_key();
    RC_ASSERT(front.get(key) == reference.get(key));
    RC_ASSERT(front.last_key(key, to) == reference.last_key(key, to));
    RC_ASSERT(range_of(front, key, to) == range_of(reference, key, to));
    front.scan(key, to, [&](BytesView at, BytesView value) {
      RC_ASSERT(front.get(at) == value);
      RC_ASSERT(range_of(front, at, to).size() > 0U);
      return value.size() < 100;
    });
  }

  void end_transaction() {
    if (*rc::gen::inRange(0, 5) == 0) {
      front_->abort();
      return reference_.abort();
    }
    // A full disk refuses before anything could fail.
    if (std::exchange(fail_next_, false) && !disk_full_) {
      behind_.fail_next_commit(CommitFailure::kIo);
    }
    const auto committed = front_->commit();
    if (!committed) return reference_.abort();
    RC_ASSERT(reference_.commit().has_value());
    if (front_->waiting_bytes() == 0) RC_ASSERT(placed_in(behind_) == contents_of(reference_));
  }

  // Whatever is in the store behind now is what a new process would see.
  void check_the_next_life() {
    MemoryStore copy = behind_;
    RC_ASSERT(contents_of(*open_on(copy, limits_)) == contents_of(reference_));
  }

  void crash() {
    front_.reset();
    behind_.crash();
    reference_.crash();
    behind_.set_lose_syncs(false);
    reference_.set_lose_syncs(false);
    front_ = open_on(behind_, limits_);
    RC_ASSERT(contents_of(*front_) == contents_of(reference_));
  }

  WriteBehind::Limits limits_;
  MemoryStore behind_;
  MemoryStore reference_;
  std::unique_ptr<Front> front_;
  bool disk_full_ = false;
  bool fail_next_ = false;
};

TEST(WriteBehindModel, AgreesWithAMemoryStoreThroughFailuresAbortsAndCrashes) {
  EXPECT_EQ(
      tests::counterexample(
          tests::kShrinkingCases / 10,
          [] {
            const auto waiting = *rc::gen::element(0, 300, 2'000, 20'000);
            const auto rows = *rc::gen::element(1, 4, 12, 64);
            Twins twins({static_cast<std::size_t>(waiting), static_cast<std::uint64_t>(rows)});
            for (int i = *rc::gen::inRange(1, 80); i > 0; --i) {
              if (*rc::gen::inRange(0, 8) == 0) twins.any_fault();
              twins.run_transaction();
            }
          }),
      "");
}

// --- bounds -------------------------------------------------------------------------------------

TEST(WriteBehind, StaysWithinItsLimitsUnderEverNewKeys) {
  MemoryStore behind;
  const auto front = open_on(behind);
  tests::SeededChoices choices(1);
  for (int i = 0; i < 5'000; ++i) {
    put(*front, std::to_string(choices.below(1'000'000'000)), Bytes(choices.below(200), 'v'));
    expect_bounds(*front, kSmall);
  }
  EXPECT_GT(placed_in(behind).size(), 4'000U);
}

TEST(WriteBehind, StaysWithinItsLimitsUnderOneKeyRewrittenForEver) {
  MemoryStore behind;
  const auto front = open_on(behind);
  for (int i = 0; i < 1'000; ++i) {
    put(*front, "k", std::to_string(i));
    expect_bounds(*front, kSmall);
  }
  EXPECT_LT(behind.commits(), 1'100U);  // Its place was not written by each.
}

// What waited when the journal became long is not forgotten for the one that is rewritten.
TEST(WriteBehind, StaysWithinItsLimitsUnderOneKeyRewrittenForEverBesideManyThatWait) {
  MemoryStore behind;
  const WriteBehind::Limits limits{100'000, 64};
  const auto front = open_on(behind, limits);
  put(*front, "first", "");
  crdt::Transaction& txn = front->begin();
  for (int i = 0; i < 400; ++i) txn.put("a" + std::to_string(i), Bytes(100, 'v'));
  ASSERT_TRUE(front->commit());
  ASSERT_GT(front->waiting_bytes(), limits.waiting_bytes / 2);
  for (int i = 0; i < 1'000; ++i) {
    put(*front, "b", "");
    expect_bounds(*front, limits);
  }
}

// What waits is counted with what the map takes for it, and so must be what moves.
TEST(WriteBehind, SmallChangesDoNotOutrunTheHand) {
  MemoryStore behind;
  const WriteBehind::Limits limits{4'096, 1'000'000};
  const auto front = open_on(behind, limits);
  for (int i = 0; i < 100; ++i) {
    crdt::Transaction& txn = front->begin();
    for (int j = 0; j < 100; ++j) txn.erase(std::to_string(100 * i + j));
    ASSERT_TRUE(front->commit());
    expect_bounds(*front, limits);
  }
}

TEST(WriteBehind, ABatchLargerThanAllThatMayWaitIsMovedAtOnce) {
  MemoryStore behind;
  const auto front = open_on(behind);
  crdt::Transaction& txn = front->begin();
  for (int i = 0; i < 1'000; ++i) txn.put(std::to_string(i), Bytes(1'000, 'v'));
  ASSERT_TRUE(front->commit());
  EXPECT_EQ(front->waiting_bytes(), 0U);
  EXPECT_EQ(placed_in(behind).size(), 1'000U);
  EXPECT_EQ(contents_of(*open_on(behind)), placed_in(behind));
}

// Each life ends before its hand has come round.
TEST(WriteBehind, LivesTooShortForARoundDoNotLetTheJournalGrow) {
  MemoryStore behind;
  std::uint64_t most = 0;
  for (int i = 0; i < 500; ++i) {
    const auto front = open_on(behind);
    put(*front, "a" + std::to_string(i % 20), Bytes(50, 'v'));
    put(*front, "b", std::to_string(i));
    most = std::max(most, front->journal_pages());
    behind.crash();
  }
  EXPECT_LE(most, kSmall.journal_pages + 2);
}

TEST(WriteBehind, AFullDiskKeepsNobodyFromReadingALongJournal) {
  MemoryStore behind;
  put(*open_on(behind), "a", Bytes(5'000, 'v'));
  behind.set_disk_full(true);
  const WriteBehind::Limits none{0, 1};
  const auto front = open_on(behind, none);
  EXPECT_EQ(front->begin().get("a"), Bytes(5'000, 'v'));
  front->abort();
  front->begin().put("a", "");
  EXPECT_EQ(front->commit().error().kind, CommitFailure::kDiskFull);
  behind.set_disk_full(false);
  put(*front, "b", "2");
  EXPECT_THAT(placed_in(behind), ElementsAre(Pair("a", Bytes(5'000, 'v')), Pair("b", "2")));
}

// What was put aside with its store belongs to it.
TEST(WriteBehind, AStoreThatIsBegunAnewLeavesTheJournalOfTheOneBeforeAlone) {
  const tests::TemporaryFolder folder;
  const auto files = [&] {
    const std::filesystem::directory_iterator all(folder.path());
    return std::distance(begin(all), end(all));
  };
  MemoryStore behind;
  node::JournalFile journal(folder.path());
  WriteBehind front(behind, journal, kSmall);
  ASSERT_TRUE(front.open());
  put(front, "a", "1");
  put(front, "b", "1");
  ASSERT_EQ(files(), 1);
  behind.begin().erase(WriteBehind::kFirstKey);
  ASSERT_TRUE(behind.commit());
  front.begin().put("c", "taken back");
  front.abort();
  put(front, "d", "1");
  EXPECT_EQ(files(), 2);
  EXPECT_THAT(contents_of(front), ElementsAre(Pair("a", "1"), Pair("d", "1")));
}

// --- rounds -------------------------------------------------------------------------------------

TEST(WriteBehind, TheFirstCommitOfAStoreBeginsItsJournalAndLaterOnesWriteNothingElse) {
  MemoryStore behind;
  const auto front = open_on(behind);
  put(*front, "first", "1");
  EXPECT_EQ(front->journal_pages(), 0U);
  put(*front, "b", "1");
  put(*front, "a", "1");
  EXPECT_THAT(placed_in(behind), ElementsAre(Pair("first", "1")));
  EXPECT_EQ(front->journal_pages(), 2U);
}

TEST(WriteBehind, TrimsRowsOnlyWhenWhatTheySayIsInItsPlace) {
  MemoryStore behind;
  const auto front = open_on(behind, {500, 1'000'000});
  std::uint64_t trimmed = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    put(*front, std::to_string(i * 7919 % 1'000), std::to_string(i));
    trimmed = i + 1 - front->journal_pages();
    const Contents placed = placed_in(behind);
    for (std::uint64_t j = 0; j < trimmed; ++j) {
      ASSERT_TRUE(placed.contains(std::to_string(j * 7919 % 1'000))) << i << ' ' << j;
    }
  }
  EXPECT_GT(trimmed, 200U);
}

// The next row after an empty journal has the first number again: what was known of old ones must
// not trim it.
TEST(WriteBehind, AnEmptyJournalThatIsReadAnewForgetsItsOldRound) {
  MemoryStore behind;
  const WriteBehind::Limits limits{300, 1'000};
  const auto front = open_on(behind, limits);
  for (int i = 0; i < 40; ++i) put(*front, "k", Bytes(1'000, 'v'));
  ASSERT_EQ(front->journal_pages(), 0U);
  behind.fail_next_commit(CommitFailure::kIo);
  front->begin().put("lost", "v");
  ASSERT_FALSE(front->commit());
  for (int i = 0; i < 10; ++i) put(*front, "kept", std::to_string(i));
  EXPECT_EQ(open_on(behind)->begin().get("kept"), "9");
}

TEST(WriteBehind, AFailedCommitInTheMiddleOfARoundTakesBackWhatItMoved) {
  MemoryStore behind;
  const auto front = open_on(behind, {1'000, 1'000});
  Contents all;
  for (int i = 0; i < 200; ++i) {
    const Bytes key = std::to_string(i * 37 % 100);
    behind.fail_next_commit(CommitFailure::kIo);
    front->begin().put(key, "lost");
    ASSERT_FALSE(front->commit());
    put(*front, key, std::to_string(i));
    all.insert_or_assign(key, std::to_string(i));
    ASSERT_EQ(contents_of(*front), all);
  }
  EXPECT_THAT(placed_in(behind), testing::SizeIs(testing::Gt(50U)));
}

// --- reading ------------------------------------------------------------------------------------

TEST(WriteBehind, AViewHoldsWhileOthersAreRead) {
  MemoryStore behind;
  const auto front = open_on(behind, {0, 1'000});
  put(*front, "placed", "1");
  const auto lazy = open_on(behind);
  put(*lazy, "waiting", "2");
  crdt::Transaction& txn = lazy->begin();
  const auto placed = txn.get("placed"), waiting = txn.get("waiting");
  EXPECT_EQ(range_of(txn).size(), 2U);
  EXPECT_EQ(txn.last_key("", ""), "waiting");
  EXPECT_EQ(placed, "1");
  EXPECT_EQ(waiting, "2");
  // A value that is a view of what it replaces.
  txn.put("waiting", *txn.get("waiting"));
  txn.put("placed", *txn.get("waiting"));
  EXPECT_EQ(txn.get("placed"), "2");
  lazy->abort();
}

TEST(WriteBehind, NoRangeReachesIntoTheJournal) {
  MemoryStore behind;
  const auto front = open_on(behind);
  put(*front, "a", "");
  put(*front, "a", "1");
  ASSERT_EQ(front->journal_pages(), 1U);
  crdt::Transaction& txn = front->begin();
  for (const BytesView to : {"", "\xff", "\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    EXPECT_EQ(range_of(txn, "", to).size(), 1U);
    EXPECT_EQ(range_of(txn, "\xff", to).size(), 0U);
    EXPECT_EQ(txn.last_key("", to), "a");
    EXPECT_EQ(txn.last_key("\xff", to), std::nullopt);
  }
  front->abort();
}

TEST(WriteBehindDeathTest, KeysOfTheJournalAreBugs) {
  MemoryStore behind;
  const auto front = open_on(behind);
  crdt::Transaction& txn = front->begin();
  for (const BytesView key :
       {BytesView("\xff"), BytesView("\xff 9 octets"), BytesView("\xff\xff")}) {
    EXPECT_DEATH(txn.put(key, "v"), "CHECK");
    EXPECT_DEATH(txn.erase(key), "CHECK");
    EXPECT_DEATH(static_cast<void>(txn.get(key)), "CHECK");
  }
  txn.put("\xfe\xff\xff", "the last one");
  EXPECT_TRUE(front->commit());
}

// --- errors -------------------------------------------------------------------------------------

TEST(WriteBehindDeathTest, MustBeOpenedFirst) {
  MemoryStore behind;
  Front front(behind, kSmall);
  EXPECT_DEATH(front.begin(), "CHECK");
}

TEST(WriteBehind, ADamagedJournalIsAnErrorAndChangesNothing) {
  MemoryStore behind;
  put(*open_on(behind), "a", "1");
  Bytes row = behind.contents().rbegin()->second;
  row[3] = static_cast<char>(row[3] ^ 4);
  put(behind, behind.contents().rbegin()->first, row);
  const auto before = behind.contents();
  Front front(behind, kSmall);
  const auto opened = front.open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("the journal of the store is damaged"));
  EXPECT_EQ(behind.contents(), before);
  EXPECT_FALSE(behind.in_transaction());
}

TEST(WriteBehind, AJournalThatIsDamagedWhileItRunsEndsIt) {
  MemoryStore behind;
  const auto front = open_on(behind);
  put(*front, "a", "1");
  put(behind, behind.contents().rbegin()->first, "no row");
  front->begin().put("a", "2");
  front->abort();
  EXPECT_THROW(front->begin(), std::runtime_error);
  EXPECT_FALSE(behind.in_transaction());
}

// A store says only at the commit that a read has failed: rows that were not seen must not be
// overwritten by new ones.
TEST(WriteBehind, AReadThatFailsWhileTheJournalIsReadIsAnError) {
  MemoryStore behind;
  put(*open_on(behind), "a", "1");
  behind.fail_next_commit(CommitFailure::kIo);
  Front front(behind, kSmall);
  EXPECT_FALSE(front.open());
  ASSERT_TRUE(front.open());
  EXPECT_EQ(front.begin().get("a"), "1");
}

}  // namespace

#include "node/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "crdt/checksum.h"
#include "node/log.h"
#include "node/memory_store.h"
#include "node/server.h"
#include "tests/support/process.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using node::Journal;
using node::MemoryStore;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Bytes row_key(std::uint64_t seq) { return Bytes(Journal::kFirstKey) + crdt::big_endian(seq); }

class JournalTest : public testing::Test {
 protected:
  // One change of about that many pages; how many rows it took.
  std::uint64_t append(BytesView key, std::size_t pages = 0) {
    Journal::Batch batch;
    batch.add(key, Bytes(pages * Journal::kRowBytesMax, 'v'));
    const std::uint64_t rows = journal_.append(store_.begin(), batch);
    EXPECT_TRUE(store_.commit());
    return rows;
  }

  void trim(std::uint64_t before, std::uint64_t rows_max) {
    journal_.trim(store_.begin(), before, rows_max);
    EXPECT_TRUE(store_.commit());
  }

  void set(BytesView key, const std::optional<Bytes>& value) {
    crdt::Transaction& txn = store_.begin();
    value ? txn.put(key, *value) : txn.erase(key);
    EXPECT_TRUE(store_.commit());
  }

  // The keys of what a new process replays; "damaged" where it finds an Error.
  std::vector<Bytes> replayed() {
    std::vector<Bytes> keys;
    Journal journal;
    const auto read = journal.replay(
        store_.begin(), [&](BytesView key, std::optional<BytesView>) { keys.emplace_back(key); });
    store_.abort();
    if (!read) return {"damaged"};
    EXPECT_EQ(journal.rows(), store_.contents().size());
    return keys;
  }

  MemoryStore store_;
  Journal journal_;
};

TEST_F(JournalTest, ReplaysPutsEmptyValuesAndErasesInTheirOrder) {
  using Change = std::pair<Bytes, std::optional<Bytes>>;
  const std::vector<Change> changes = {{"b", "1"}, {"a", ""}, {"c", std::nullopt}, {"b", "2"}};
  Journal::Batch batch;
  for (const auto& [key, value] : changes) batch.add(key, value);
  crdt::Transaction& txn = store_.begin();
  journal_.append(txn, batch);
  std::vector<Change> seen;
  Journal again;
  ASSERT_TRUE(again.replay(
      txn, [&](BytesView key, std::optional<BytesView> value) { seen.emplace_back(key, value); }));
  EXPECT_EQ(seen, changes);
  EXPECT_EQ(again.end(), journal_.end());
}

TEST_F(JournalTest, CutsABatchIntoRowsOfAtMostAPage) {
  EXPECT_EQ(append("small"), 1U);
  EXPECT_EQ(append("large", 3), 4U);
  for (const auto& [key, row] : store_.contents()) EXPECT_LE(row.size(), Journal::kRowBytesMax);
  EXPECT_EQ(journal_.rows(), 5U);
  EXPECT_THAT(replayed(), ElementsAre("small", "large"));
}

TEST_F(JournalTest, AnEmptyBatchTakesNoRow) {
  Journal::Batch batch;
  EXPECT_EQ(journal_.append(store_.begin(), batch), 0U);
  store_.abort();
}

TEST_F(JournalTest, TrimsTheOldestRowsAndNoneAtOrBehindTheGivenPlace) {
  for (const char* key : {"a", "b", "c"}) append(key);
  trim(2, 1);
  EXPECT_THAT(replayed(), ElementsAre("b", "c"));
  trim(2, 100);
  EXPECT_THAT(replayed(), ElementsAre("c"));
  trim(100, 100);
  EXPECT_THAT(replayed(), IsEmpty());
  append("d");
  EXPECT_THAT(replayed(), ElementsAre("d"));
}

TEST_F(JournalTest, RowsLeftOfAHalfTrimmedBatchAreNoDamageAndAreNotReplayed) {
  append("a", 3);
  append("b");
  trim(4, 2);
  EXPECT_EQ(journal_.rows(), 3U);
  EXPECT_THAT(replayed(), ElementsAre("b"));
  trim(5, 2);
  trim(5, 1);
  EXPECT_THAT(replayed(), IsEmpty());
}

TEST_F(JournalTest, EveryFlippedBitIsDamage) {
  append("a");
  append("b", 1);
  for (std::uint64_t seq = 0; seq < journal_.rows(); ++seq) {
    const Bytes sound = store_.contents().at(row_key(seq));
    for (std::size_t at = 0; at < sound.size(); at += 1 + at / 8) {
      Bytes flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
      set(row_key(seq), flipped);
      ASSERT_THAT(replayed(), ElementsAre("damaged")) << "row " << seq << ", octet " << at;
    }
    set(row_key(seq), sound);
  }
  EXPECT_THAT(replayed(), ElementsAre("a", "b"));
}

TEST_F(JournalTest, ARowThatIsMissingBetweenOthersIsDamage) {
  append("a");
  append("b", 2);
  append("c");
  for (std::uint64_t seq = 1; seq + 1 < journal_.rows(); ++seq) {
    const Bytes sound = store_.contents().at(row_key(seq));
    set(row_key(seq), std::nullopt);
    EXPECT_THAT(replayed(), ElementsAre("damaged")) << seq;
    set(row_key(seq), sound);
  }
}

TEST_F(JournalTest, AKeyOrARowThatNoJournalHasIsDamage) {
  append("a");
  for (const BytesView key : {"\xff", "\xff\xff", "\xff 9 octets!"}) {
    set(key, "?");
    EXPECT_THAT(replayed(), ElementsAre("damaged"));
    set(key, std::nullopt);
  }
  for (const BytesView row : {"", "x", "b?", "bp", "be\0\0\0\0\0\0\0"}) {
    set(row_key(1), crdt::seal_value(Bytes(row)));
    EXPECT_THAT(replayed(), ElementsAre("damaged")) << row;
  }
}

TEST(JournalOfANode, WhereItIsDamagedTheNodeSaysTheWayOut) {
  const tests::TemporaryFolder folder;
  node::Config config;
  config.replica.name = "a";
  config.replica.gossip.cluster = "test";
  config.data_dir = folder.path() / "store";
  config.disk_reserve_bytes = 0;
  {
    const auto store = node::LmdbStore::open(
        {.dir = config.data_dir, .cluster = "test", .node = "a", .disk_reserve_bytes = 0});
    ASSERT_TRUE(store) << store.error().message;
    (*store)->begin().put(row_key(7), "not what it was");
    ASSERT_TRUE((*store)->commit());
  }
  const auto log = node::Log::open({.level = node::Level::kError});
  ASSERT_TRUE(log);
  const auto server = node::Server::open(config, **log);
  ASSERT_FALSE(server);  // It has no peers that could fill a new store.
  EXPECT_THAT(server.error().message,
              AllOf(HasSubstr("the journal of the store is damaged"), HasSubstr(config.data_dir),
                    HasSubstr("restore a backup")));
}

}  // namespace

#include "node/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "node/journal_rows.h"
#include "node/log.h"
#include "node/memory_store.h"
#include "node/server.h"
#include "tests/node/disk_store.h"
#include "tests/support/process.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using node::Journal;
using node::JournalRows;
using node::JournalStorage;
using node::MemoryStore;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Journal::Batch batch_of(BytesView key, std::size_t pages = 0) {
  Journal::Batch batch;
  batch.add(key, Bytes(pages * JournalStorage::kPageBytes, 'v'));
  return batch;
}

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    EXPECT_TRUE(journal_.begin_anew());
    begin_ = journal_.begin();
  }

  // One change of about that many pages; how many pages it took.
  std::uint64_t append(BytesView key, std::size_t pages = 0) {
    const std::uint64_t before = journal_.end().seq;
    EXPECT_TRUE(journal_.append(batch_of(key, pages)));
    return journal_.end().seq - before;
  }

  // What it appends before power goes: only the first `pages` of it reach the disk.
  void tear(BytesView key, std::size_t pages, std::size_t kept) {
    const auto before = store_.contents();
    const std::uint64_t first = journal_.end().seq;
    append(key, pages);
    for (std::uint64_t seq = first + kept; seq < journal_.end().seq; ++seq) {
      const auto page = before.find(key_of(seq));
      set(key_of(seq), page == before.end() ? std::nullopt : std::optional(page->second));
    }
  }

  void set(BytesView key, const std::optional<Bytes>& value) {
    crdt::Transaction& txn = store_.begin();
    value ? txn.put(key, *value) : txn.erase(key);
    EXPECT_TRUE(store_.commit());
  }

  [[nodiscard]] Bytes key_of(std::uint64_t seq) const {
    return storage_.key_of(seq % JournalRows::kPages);
  }

  // The keys of what a new process replays and goes on from; "damaged" where it finds an Error.
  std::vector<Bytes> replayed() {
    std::vector<Bytes> keys;
    const auto read = journal_.replay(
        begin_, [&](BytesView key, std::optional<BytesView>) { keys.emplace_back(key); });
    if (!read) return {"damaged"};
    return keys;
  }

  MemoryStore store_;
  JournalRows storage_{store_};
  Journal journal_{storage_};
  Journal::Place begin_;
};

TEST_F(JournalTest, ReplaysPutsEmptyValuesAndErasesInTheirOrder) {
  using Change = std::pair<Bytes, std::optional<Bytes>>;
  const std::vector<Change> changes = {{"b", "1"}, {"a", ""}, {"c", std::nullopt}, {"b", "2"}};
  Journal::Batch batch;
  for (const auto& [key, value] : changes) batch.add(key, value);
  ASSERT_TRUE(journal_.append(batch));
  const Journal::Place end = journal_.end();
  std::vector<Change> seen;
  ASSERT_TRUE(journal_.replay(begin_, [&](BytesView key, std::optional<BytesView> value) {
    seen.emplace_back(key, value);
  }));
  EXPECT_EQ(seen, changes);
  EXPECT_EQ(journal_.end(), end);
}

TEST_F(JournalTest, EveryBatchFillsPagesOfItsOwn) {
  EXPECT_EQ(append("small"), 1U);
  EXPECT_EQ(append("large", 3), 4U);
  EXPECT_EQ(batch_of("large", 3).pages(), 4U);
  EXPECT_EQ(journal_.pages(), 5U);
  EXPECT_THAT(replayed(), ElementsAre("small", "large"));
}

TEST_F(JournalTest, GoesRoundOverPagesThatWereTrimmed) {
  std::vector<Bytes> kept;
  for (int i = 0; i < 3'000; ++i) {
    if (i % 100 == 0) {
      journal_.trim(journal_.end());
      begin_ = journal_.end();
      kept.clear();
    }
    kept.push_back(std::to_string(i));
    append(kept.back(), i % 3 == 0 ? 7 : 0);
    if (i % 97 != 0) continue;
    ASSERT_EQ(replayed(), kept) << i;
  }
  EXPECT_GT(journal_.end().seq, 4 * JournalRows::kPages);
}

TEST_F(JournalTest, AReplayBeginsAtThePlaceThatItIsGiven) {
  append("a", 2);
  const Journal::Place behind_a = journal_.end();
  append("b");
  begin_ = behind_a;
  EXPECT_THAT(replayed(), ElementsAre("b"));
  append("c");
  EXPECT_THAT(replayed(), ElementsAre("b", "c"));
}

TEST_F(JournalTest, ABatchThatACrashCutShortIsDroppedAndItsPlaceTakenByTheNext) {
  append("whole");
  for (const std::size_t kept : {0U, 1U, 3U}) {
    tear("torn", 3, kept);
    EXPECT_THAT(replayed(), ElementsAre("whole")) << kept;
  }
  append("next");
  EXPECT_THAT(replayed(), ElementsAre("whole", "next"));
}

// The first page of what was torn is there no more, those behind it are, and say the same numbers.
TEST_F(JournalTest, WhatIsLeftOfATornBatchNeverContinuesAnother) {
  append("whole");
  const std::uint64_t first = journal_.end().seq;
  append("torn", 3);
  set(key_of(first), std::nullopt);
  ASSERT_THAT(replayed(), ElementsAre("whole"));
  tear("torn again", 3, 1);
  EXPECT_THAT(replayed(), ElementsAre("whole"));
  append("short");
  EXPECT_THAT(replayed(), ElementsAre("whole", "short"));
}

TEST_F(JournalTest, EveryFlippedBitBeforeTheLastBatchIsDamage) {
  append("a");
  append("b", 1);
  append("c");
  for (std::uint64_t seq = begin_.seq; seq + 1 < journal_.end().seq; ++seq) {
    const Bytes sound = store_.contents().at(key_of(seq));
    for (std::size_t at = 0; at < sound.size(); at += 1 + at / 8) {
      Bytes flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
      set(key_of(seq), flipped);
      ASSERT_THAT(replayed(), ElementsAre("damaged")) << "page " << seq << ", octet " << at;
    }
    set(key_of(seq), sound);
    ASSERT_THAT(replayed(), ElementsAre("a", "b", "c"));
  }
}

TEST_F(JournalTest, APageThatIsMissingBeforeAnotherBatchIsDamage) {
  append("a");
  append("b", 2);
  append("c");
  for (std::uint64_t seq = begin_.seq; seq + 1 < journal_.end().seq; ++seq) {
    const Bytes sound = store_.contents().at(key_of(seq));
    set(key_of(seq), std::nullopt);
    EXPECT_THAT(replayed(), ElementsAre("damaged")) << seq;
    set(key_of(seq), sound);
    ASSERT_THAT(replayed(), ElementsAre("a", "b", "c"));
  }
}

TEST_F(JournalTest, ANewOneHoldsNothingOfTheOneBefore) {
  append("a");
  ASSERT_TRUE(journal_.begin_anew());
  EXPECT_NE(journal_.begin().identity, begin_.identity);
  begin_ = journal_.begin();
  EXPECT_THAT(replayed(), IsEmpty());
  append("b");
  EXPECT_THAT(replayed(), ElementsAre("b"));
}

TEST(JournalPlace, IsReadAsItWasWrittenAndAFlippedBitIsDamage) {
  const Journal::Place place{7, 1 << 20, ~std::uint64_t{0}};
  const Bytes bytes = encode(place);
  ASSERT_EQ(*node::decode_place(bytes), place);
  EXPECT_FALSE(node::decode_place(""));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    EXPECT_FALSE(node::decode_place(flipped));
  }
}

TEST(JournalOfANode, WhereItIsMissingTheNodeSaysTheWayOut) {
  const tests::TemporaryFolder folder;
  node::Config config;
  config.replica.name = "a";
  config.replica.gossip.cluster = "test";
  config.data_dir = folder.path() / "store";
  config.disk_reserve_bytes = 0;
  tests::DiskStore(config.data_dir).write("channel/T1/C1", "f", "1");
  for (const auto& entry : std::filesystem::directory_iterator(config.data_dir)) {
    if (entry.path().filename().string().starts_with("journal-")) {
      std::filesystem::remove(entry.path());
    }
  }
  const auto log = node::Log::open({.level = node::Level::kError});
  ASSERT_TRUE(log);
  const auto server = node::Server::open(config, **log);
  ASSERT_FALSE(server);  // It has no peers that could fill a new store.
  EXPECT_THAT(server.error().message,
              AllOf(HasSubstr("the journal of the store"), HasSubstr("No such file"),
                    HasSubstr(config.data_dir), HasSubstr("restore a backup")));
}

}  // namespace

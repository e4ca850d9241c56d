// What every Store promises, held against all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "node/journal_file.h"
#include "node/lmdb_store.h"
#include "node/memory_store.h"
#include "node/write_behind.h"
#include "tests/support/process.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using node::JournalFile;
using node::LmdbStore;
using node::MemoryStore;
using node::Store;
using node::WriteBehind;
using testing::ElementsAre;

std::unique_ptr<Store> open_lmdb(const std::string& dir) {
  LmdbStore::Options options;
  options.dir = dir;
  options.cluster = "test";
  options.node = "a";
  options.disk_reserve_bytes = 0;
  auto store = LmdbStore::open(options);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

// kEager moves all of each commit to its place at once, kLazy nothing that these tests write.
enum class Kind { kMemory, kLmdb, kEager, kLazy };

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  StoreContract() {
    const Kind kind = GetParam();
    if (kind == Kind::kMemory) {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_ = open_lmdb(folder_.path() / "store");
    if (kind == Kind::kLmdb) return;
    behind_ = std::move(store_);
    WriteBehind::Limits limits;
    if (kind == Kind::kEager) limits.waiting_bytes = 0;
    journal_ = std::make_unique<JournalFile>(folder_.path() / "store");
    auto front = std::make_unique<WriteBehind>(*behind_, *journal_, limits);
    EXPECT_TRUE(front->open());
    store_ = std::move(front);
  }

  void put_all(std::initializer_list<BytesView> keys) {
    crdt::Transaction& txn = store_->begin();
    for (const BytesView key : keys) txn.put(key, "value of " + Bytes(key));
    ASSERT_TRUE(store_->commit());
  }

  std::vector<Bytes> keys_in(BytesView from, BytesView to, std::size_t max = 1000) {
    std::vector<Bytes> keys;
    store_->begin().scan(from, to, [&](BytesView key, BytesView value) {
      EXPECT_EQ(value, "value of " + Bytes(key));
      keys.emplace_back(key);
      return keys.size() < max;
    });
    store_->abort();
    return keys;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<Store> behind_;
  std::unique_ptr<JournalFile> journal_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreContract,
                         testing::Values(Kind::kMemory, Kind::kLmdb, Kind::kEager, Kind::kLazy));

TEST_P(StoreContract, ShowsAWriteInItsOwnTransactionAndAfterTheCommit) {
  crdt::Transaction& txn = store_->begin();
  EXPECT_EQ(txn.get("k"), std::nullopt);
  txn.put("k", "v");
  EXPECT_EQ(txn.get("k"), "v");
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(store_->begin().get("k"), "v");
  store_->abort();
}

TEST_P(StoreContract, AnAbortTakesBackPutsAndErases) {
  put_all({"a", "b"});
  crdt::Transaction& txn = store_->begin();
  txn.put("a", "other");
  txn.put("c", "new");
  txn.erase("b");
  txn.erase("not there");
  EXPECT_EQ(txn.get("b"), std::nullopt);
  store_->abort();
  EXPECT_THAT(keys_in("a", ""), ElementsAre("a", "b"));
}

TEST_P(StoreContract, ScansHalfOpenRangesInOrderUntilTold) {
  put_all({"b", "a", "d", "c", "\xfe\xff"});
  EXPECT_THAT(keys_in("b", "d"), ElementsAre("b", "c"));
  EXPECT_THAT(keys_in("aa", ""), ElementsAre("b", "c", "d", "\xfe\xff"));
  EXPECT_THAT(keys_in("", "", 2), ElementsAre("a", "b"));
  EXPECT_THAT(keys_in("e", "f"), ElementsAre());
  EXPECT_THAT(keys_in("d", "b"), ElementsAre());
}

TEST_P(StoreContract, AScanMayReadAndScanInside) {
  put_all({"a", "b", "c"});
  crdt::Transaction& txn = store_->begin();
  std::size_t seen = 0;
  txn.scan("", "", [&](BytesView key, BytesView) {
    EXPECT_TRUE(txn.get(key));
    EXPECT_EQ(txn.last_key("", ""), "c");
    txn.scan("b", "", [&](BytesView, BytesView) { return ++seen > 0; });
    return true;
  });
  EXPECT_EQ(seen, 6U);
  store_->abort();
}

TEST_P(StoreContract, FindsTheLastKeyOfARange) {
  crdt::Transaction& empty = store_->begin();
  EXPECT_EQ(empty.last_key("", ""), std::nullopt);
  EXPECT_EQ(empty.last_key("", "a"), std::nullopt);
  store_->abort();
  put_all({"l1", "l2", "l9", "m"});
  crdt::Transaction& txn = store_->begin();
  EXPECT_EQ(txn.last_key("l", "m"), "l9");
  EXPECT_EQ(txn.last_key("l", "l9"), "l2");
  EXPECT_EQ(txn.last_key("l3", "l9"), std::nullopt);
  EXPECT_EQ(txn.last_key("l", ""), "m");
  EXPECT_EQ(txn.last_key("", "z"), "m");
  EXPECT_EQ(txn.last_key("n", ""), std::nullopt);
  txn.put("l95", "");
  EXPECT_EQ(txn.last_key("l", "m"), "l95");
  store_->abort();
}

TEST_P(StoreContract, TakesTheLongestKeysAndLongValues) {
  const Bytes key(511, 'k');
  const Bytes value(3'000'000, 'v');
  store_->begin().put(key, value);
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(store_->begin().get(key), value);
  store_->abort();
}

TEST_P(StoreContract, KeysThatNoStoreTakesAreBugs) {
  crdt::Transaction& txn = store_->begin();
  EXPECT_DEATH(txn.put("", "v"), "CHECK");
  EXPECT_DEATH(txn.put(Bytes(512, 'k'), "v"), "CHECK");
  EXPECT_DEATH(txn.put(BytesView("\0muster", 7), "v"), "CHECK");
  store_->abort();
}

TEST_P(StoreContract, OneTransactionAtATime) {
  store_->begin();
  EXPECT_DEATH(store_->begin(), "CHECK");
  store_->abort();
  EXPECT_DEATH(store_->abort(), "CHECK");
}

// The same random work on both, compared after every step.
RC_GTEST_PROP(StoreContract, LmdbAndMemoryAgreeOnAnyWork, ()) {
  tests::TemporaryFolder folder;
  const auto lmdb = open_lmdb(folder.path() / "store");
  MemoryStore memory;
  const auto key = rc::gen::map(rc::gen::inRange(0, 40), [](int n) { return std::to_string(n); });
  const int transactions = *rc::gen::inRange(1, 8);
  for (int i = 0; i < transactions; ++i) {
    crdt::Transaction& a = lmdb->begin();
    crdt::Transaction& b = memory.begin();
    const int steps = *rc::gen::inRange(0, 20);
    for (int j = 0; j < steps; ++j) {
      const Bytes k = *key;
      if (*rc::gen::inRange(0, 3) == 0) {
        a.erase(k);
        b.erase(k);
      } else {
        const Bytes v(static_cast<std::size_t>(*rc::gen::element(0, 3, 100, 5000)), 'v');
        a.put(k, v);
        b.put(k, v);
      }
      const Bytes from = *key, to = *key;
      RC_ASSERT(a.last_key(from, to) == b.last_key(from, to));
      RC_ASSERT(a.get(from) == b.get(from));
    }
    std::map<Bytes, Bytes> all_a, all_b;
    a.scan("", "", [&](BytesView k, BytesView v) { return all_a.emplace(k, v).second; });
    b.scan("", "", [&](BytesView k, BytesView v) { return all_b.emplace(k, v).second; });
    RC_ASSERT(all_a == all_b);
    if (*rc::gen::inRange(0, 3) == 0) {
      lmdb->abort();
      memory.abort();
    } else {
      RC_ASSERT(lmdb->commit().has_value());
      RC_ASSERT(memory.commit().has_value());
    }
  }
}

}  // namespace

#include "node/memory_store.h"

#include <gtest/gtest.h>

namespace {

using node::CommitFailure;
using node::MemoryStore;

void put(MemoryStore& store, const char* key, const char* value) {
  store.begin().put(key, value);
  ASSERT_TRUE(store.commit());
}

std::optional<crdt::Bytes> get(const MemoryStore& store, const char* key) {
  const auto found = store.contents().find(std::string_view(key));
  if (found == store.contents().end()) return std::nullopt;
  return found->second;
}

TEST(MemoryStore, ACrashKeepsWhatWasSynced) {
  MemoryStore store;
  put(store, "k", "v");
  store.crash();
  EXPECT_EQ(get(store, "k"), "v");
}

TEST(MemoryStore, ACrashForgetsCommitsWhoseSyncWasLost) {
  MemoryStore store;
  put(store, "old", "1");
  put(store, "gone", "1");
  store.set_lose_syncs(true);
  put(store, "old", "2");
  put(store, "old", "3");
  put(store, "new", "1");
  store.begin().erase("gone");
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(get(store, "old"), "3");  // Until the crash, nobody can tell.
  store.crash();
  EXPECT_EQ(get(store, "old"), "1");
  EXPECT_EQ(get(store, "new"), std::nullopt);
  EXPECT_EQ(get(store, "gone"), "1");
}

TEST(MemoryStore, ALaterSyncCoversEarlierCommits) {
  MemoryStore store;
  store.set_lose_syncs(true);
  put(store, "a", "1");
  store.set_lose_syncs(false);
  put(store, "b", "1");
  store.crash();
  EXPECT_EQ(get(store, "a"), "1");
}

TEST(MemoryStore, ACrashTakesBackTheOpenTransaction) {
  MemoryStore store;
  put(store, "k", "1");
  store.begin().put("k", "2");
  store.crash();
  EXPECT_EQ(get(store, "k"), "1");
  put(store, "k", "3");  // Usable again.
}

TEST(MemoryStore, AFailedCommitStoresNothingAndFailsOnce) {
  for (const CommitFailure failure : {CommitFailure::kDiskFull, CommitFailure::kIo}) {
    MemoryStore store;
    store.fail_next_commit(failure);
    store.begin().put("k", "1");
    const auto result = store.commit();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, failure);
    EXPECT_EQ(get(store, "k"), std::nullopt);
    EXPECT_EQ(store.commits(), 0U);
    put(store, "k", "2");
  }
}

TEST(MemoryStore, AFullDiskRefusesWritesAndLetsReadsBe) {
  MemoryStore store;
  put(store, "k", "1");
  store.set_disk_full(true);
  EXPECT_EQ(store.size().free_bytes, 0U);
  EXPECT_EQ(store.begin().get("k"), "1");
  EXPECT_TRUE(store.commit());
  store.begin().put("k", "2");
  EXPECT_EQ(store.commit().error().kind, CommitFailure::kDiskFull);
  store.set_disk_full(false);
  put(store, "k", "2");
}

TEST(MemoryStore, CountsTheBytesItHolds) {
  MemoryStore store;
  put(store, "key", "12345");
  EXPECT_EQ(store.size().used_bytes, 8U);
  put(store, "key", "1");
  EXPECT_EQ(store.size().used_bytes, 4U);
  store.begin().erase("key");
  EXPECT_EQ(store.size().used_bytes, 0U);
  store.abort();
  EXPECT_EQ(store.size().used_bytes, 4U);
}

}  // namespace

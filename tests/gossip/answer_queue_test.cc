#include "gossip/answer_queue.h"

#include <gtest/gtest.h>

#include "crdt/check.h"
#include "crdt/codec.h"
#include "crdt/keyspace.h"
#include "gossip/wire.h"
#include "node/memory_store.h"

namespace {

using crdt::Bytes;
using gossip::AnswerQueue;
using gossip::FragmentPart;
using gossip::Lacking;
using gossip::Message;
using gossip::Records;
using gossip::Want;

class AnswerQueueTest : public testing::Test {
 protected:
  AnswerQueueTest() {
    repository.use(store.begin());
    CHECK(repository.open());
    repository.begin_run({1});
  }

  void document(const std::string& key, std::size_t bytes) {
    crdt::Delta delta;
    for (std::uint64_t i = 1; bytes > 0; ++i) {
      const std::size_t size = std::min(bytes, crdt::kValueBytesMax);
      delta.written.push_back({"p" + std::to_string(i), {{7}, i}, {1}, {}, Bytes(size, 'x')});
      delta.advance = {{{7}, i}};
      bytes -= size;
    }
    CHECK(repository.apply({{{key, delta}}, {}}));
  }

  Message next() { return queue.next(repository); }

  node::MemoryStore store;
  crdt::Repository repository;
  AnswerQueue queue;
};

TEST_F(AnswerQueueTest, ADocumentComesInPartsThatMakeItsFragment) {
  document("k", 3 * gossip::kFragmentPartMax);
  ASSERT_TRUE(queue.add({{{"k", {}}}, {}}));
  Bytes whole;
  for (std::uint32_t index = 0; !queue.empty(); ++index) {
    const auto part = std::get<FragmentPart>(next());
    EXPECT_EQ(part.key, "k");
    EXPECT_EQ(part.index, index);
    EXPECT_EQ(part.last, queue.empty());
    whole += part.bytes;
  }
  const auto fragment = crdt::decode_fragment(whole);
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->context, (*repository.document("k"))->context());
}

TEST_F(AnswerQueueTest, RecordsComeSeveralAtATimeAndALargeOneByItself) {
  const std::size_t half = AnswerQueue::kRecordsBytesMax / 2;
  CHECK(repository.apply({{},
                          {{"a", Bytes(half - 100, 'x')},
                           {"b", Bytes(half - 100, 'x')},
                           {"c", Bytes(3 * half, 'x')}}}));
  ASSERT_TRUE(queue.add({{}, {"a", "nowhere", "b", "c"}}));
  EXPECT_EQ(std::get<Records>(next()).records.size(), 2u);
  EXPECT_EQ(std::get<Records>(next()).records.size(), 1u);
  EXPECT_EQ(std::get<Lacking>(next()), (Lacking{{}, {"nowhere"}}));
  EXPECT_TRUE(queue.empty());
}

TEST_F(AnswerQueueTest, WhatIsDamagedHereIsSaidToBeLacking) {
  document("k", 10);
  CHECK(repository.apply({{}, {{"a", "b"}}}));
  CHECK(store.commit());
  crdt::Transaction& txn = store.begin();
  txn.put(crdt::keyspace::document_header("k"), "damaged");
  txn.put(crdt::keyspace::record("a"), "damaged");
  crdt::Repository after;
  after.use(txn);
  ASSERT_TRUE(queue.add({{{"k", {}}}, {"a"}}));
  EXPECT_EQ(std::get<Lacking>(queue.next(after)), (Lacking{{"k"}, {}}));
  EXPECT_EQ(std::get<Lacking>(queue.next(after)), (Lacking{{}, {"a"}}));
  EXPECT_TRUE(queue.empty());
}

TEST_F(AnswerQueueTest, HoldsNoMoreThanItsBoundAndMakesRoomAsItAnswers) {
  Want want;
  for (std::size_t i = 0; i < 1'000; ++i) want.records.push_back("r" + std::to_string(i));
  std::size_t wants = 0;
  while (queue.add(want)) ASSERT_LT(++wants, 1'000u);
  EXPECT_GT(wants, 16u);  // Of an honest offer, all records.
  queue.clear();
  for (std::size_t i = 0; i < 3 * wants; ++i) {
    ASSERT_TRUE(queue.add(want));
    EXPECT_EQ(std::get<Lacking>(next()).records.size(), want.records.size());
    ASSERT_TRUE(queue.empty());
  }
}

}  // namespace

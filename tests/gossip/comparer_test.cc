// What a comparison asks of the walk that serves it.
#include "gossip/comparer.h"

#include <gtest/gtest.h>

#include "node/memory_store.h"

namespace {

using gossip::Compare;
using gossip::Comparer;

TEST(Comparer, AWalkThatBeganEarlierIsNotItsOwn) {
  node::MemoryStore store;
  crdt::Repository repository;
  repository.use(store.begin());
  ASSERT_TRUE(repository.open());
  repository.begin_run({1});
  ASSERT_TRUE(repository.apply({{}, {{"record", "value"}}}));
  ASSERT_TRUE(repository.walk(100));
  ASSERT_TRUE(repository.counted());

  Comparer comparer(repository);
  Compare sums;
  sums.step = Compare::Step::kSums;
  sums.numbers.assign(crdt::Repository::kParts, 0);
  bool accepted = false;
  EXPECT_FALSE(comparer.take(crdt::Instant{}, {1}, sums, accepted));
  EXPECT_FALSE(comparer.walks());
  EXPECT_TRUE(comparer.take_walk());
  EXPECT_TRUE(comparer.walks());
  store.abort();
}

}  // namespace

// What is forgotten is not held from that moment on, and erasing its rows changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "crdt/edit.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"
#include "node/memory_store.h"

namespace {

using crdt::Applied;
using crdt::Bytes;
using crdt::Horizon;
using crdt::Origin;
using crdt::Repository;
using crdt::WallTime;
using namespace std::chrono_literals;

// A record says in its value at which second it was made, and to which document it belongs; one
// that says nothing stays.
std::optional<Origin> origin_in(crdt::BytesView, crdt::BytesView value) {
  if (value.empty()) return std::nullopt;
  return Origin{WallTime(std::chrono::seconds(static_cast<unsigned char>(value.front()))),
                crdt::document_id(value.substr(1))};
}

struct RepositoryRetention : testing::Test {
  RepositoryRetention() { open({1}); }

  void open(crdt::ReplicaId run) {
    repository = std::make_unique<Repository>(Repository::OnInsert(), origin_in);
    repository->use(store.begin());
    EXPECT_TRUE(repository->open());
    repository->begin_run(run);
  }

  void reopen(crdt::ReplicaId run) {
    EXPECT_TRUE(store.commit());
    open(run);
  }

  Applied insert(const std::string& key, char second, const std::string& document = "d") {
    const auto outcome = repository->apply({{}, {{key, Bytes(1, second) + document}}});
    EXPECT_TRUE(outcome);
    return outcome->applied;
  }

  template <class Move>
  crdt::Change moved(Move move) {
    const std::string key(crdt::kHorizonKey);
    const auto document = repository->document(key);
    crdt::Edit edit(**document, repository->run(), {{0, ++requests}, "U1"}, {1},
                    repository->previous_context(key));
    move(edit);
    return {{{key, edit.finish()}}, {}};
  }

  void move_to(std::chrono::seconds second) {
    const auto move = [&](crdt::Edit& edit) { crdt::move_horizon(edit, WallTime(second)); };
    EXPECT_TRUE(repository->apply(moved(move)));
  }

  void move_of(const std::string& document, std::chrono::seconds second) {
    const auto move = [&](crdt::Edit& edit) {
      crdt::move_horizon_of(edit, document, WallTime(second));
    };
    EXPECT_TRUE(repository->apply(moved(move)));
  }

  void walk(std::size_t rows = 2) {
    while (!repository->walk(rows)) {
    }
  }

  bool holds(const std::string& key) { return repository->record(key)->has_value(); }

  std::vector<Bytes> scanned() {
    std::vector<Bytes> keys;
    EXPECT_TRUE(repository->scan_records({}, [&](crdt::BytesView key, crdt::BytesView) {
      keys.emplace_back(key);
      return true;
    }));
    return keys;
  }

  node::MemoryStore store;
  std::unique_ptr<Repository> repository;
  std::uint64_t requests = 0;
};

TEST_F(RepositoryRetention, WhatIsOlderThanTheHorizonIsNotHeldFromTheMomentItMoves) {
  insert("old", 10);
  insert("young", 20);
  ASSERT_TRUE(repository->apply({{}, {{"for ever", ""}}}));
  move_to(15s);
  EXPECT_FALSE(holds("old"));
  EXPECT_TRUE(holds("young"));
  EXPECT_TRUE(holds("for ever"));
  EXPECT_THAT(scanned(), testing::ElementsAre("for ever", "young"));
}

// What is hidden was counted in the sums that peers compare until a walk that began five minutes
// after the start.
TEST_F(RepositoryRetention, AProcessThatEndsBeforeItsWalkLeavesItDueForTheNextOne) {
  insert("old", 10);
  insert("young", 20);
  walk();
  move_to(15s);
  reopen({2});
  EXPECT_TRUE(repository->walk_due());
  EXPECT_FALSE(repository->digest_known());
  walk();
  EXPECT_EQ(repository->digest().records, 1U);
  reopen({3});
  EXPECT_FALSE(repository->walk_due()) << "once is enough";
  EXPECT_TRUE(repository->digest_known());
}

TEST_F(RepositoryRetention, WhatMovedDuringAWalkIsCountedByTheNextOneAlsoOfAnotherProcess) {
  for (const char* key : {"a", "b", "c", "d"}) insert(key, 10);
  move_to(5s);
  EXPECT_FALSE(repository->walk(2));
  move_to(15s);
  walk();
  reopen({2});
  EXPECT_TRUE(repository->walk_due());
  walk();
  EXPECT_EQ(repository->digest().records, 0U);
}

TEST_F(RepositoryRetention, KeysThatAreNoDocumentsArePassedOver) {
  const auto apply = [&](const std::string& key) {
    EXPECT_TRUE(repository->apply(
        moved([&](crdt::Edit& edit) { move_horizon_of(edit, key, WallTime(9s)); })));
  };
  for (const std::string& key : {std::string("a\0b", 3), std::string(), std::string(201, 'k')}) {
    apply(key);
  }
  EXPECT_TRUE(repository->horizon().documents().empty());
  apply("d");
  EXPECT_EQ(repository->horizon().documents().size(), 1U);
}

TEST_F(RepositoryRetention, ItIsRefusedWhoeverOffersIt) {
  move_to(15s);
  EXPECT_EQ(insert("old", 10), Applied::kDuplicate);
  EXPECT_EQ(insert("edge", 15), Applied::kApplied);
  EXPECT_FALSE(holds("old"));
}

TEST_F(RepositoryRetention, ItIsRefusedInTheVeryChangeThatMovesTheHorizon) {
  crdt::Change change = moved([](crdt::Edit& edit) { crdt::move_horizon(edit, WallTime(15s)); });
  change.records = {{"old", Bytes(1, 10)}, {"young", Bytes(1, 20)}};
  ASSERT_TRUE(repository->apply(change));
  EXPECT_THAT(scanned(), testing::ElementsAre("young"));
}

TEST_F(RepositoryRetention, TheWalkErasesItsRowsAndCountsThem) {
  insert("old", 10);
  insert("older", 9);
  insert("young", 20);
  walk();
  EXPECT_EQ(repository->oldest_record(), WallTime(9s));
  move_to(15s);
  EXPECT_FALSE(repository->counted());
  EXPECT_TRUE(repository->walk_due());
  walk();
  EXPECT_EQ(repository->purged_records(), 2u);
  EXPECT_EQ(repository->oldest_record(), WallTime(20s));
  ASSERT_TRUE(store.commit());
  EXPECT_FALSE(store.contents().contains(crdt::keyspace::record("old")));
  EXPECT_FALSE(store.contents().contains(crdt::keyspace::record("older")));
  EXPECT_TRUE(store.contents().contains(crdt::keyspace::record("young")));
}

TEST_F(RepositoryRetention, AWalkErasesNoMoreRowsInOneStepThanItReads) {
  constexpr std::size_t kRecords = 100;
  for (std::size_t i = 0; i < kRecords; ++i) insert("old" + std::to_string(i), 10);
  move_to(15s);
  std::uint64_t purged = 0;
  while (!repository->walk(7)) {
    EXPECT_LE(repository->purged_records() - purged, 7u);
    purged = repository->purged_records();
  }
  EXPECT_EQ(repository->purged_records(), kRecords);
}

TEST_F(RepositoryRetention, AfterTheWalkTheDigestIsThatOfAStoreThatNeverHeldIt) {
  insert("young", 20);
  const auto move = moved([](crdt::Edit& edit) { crdt::move_horizon(edit, WallTime(15s)); });

  node::MemoryStore other;
  Repository without(Repository::OnInsert(), origin_in);
  without.use(other.begin());
  ASSERT_TRUE(without.open());
  without.begin_run({7});
  ASSERT_TRUE(without.apply({{}, {{"young", Bytes(1, 20) + "d"}}}));
  ASSERT_TRUE(without.apply(move));

  insert("old", 10);
  walk();
  ASSERT_TRUE(repository->apply(move));
  walk();
  EXPECT_TRUE(repository->counted());
  EXPECT_EQ(repository->digest(), without.digest());
  reopen({2});
  EXPECT_EQ(repository->digest(), without.digest());  // The log says so, too.
}

TEST_F(RepositoryRetention, APowerCutInTheMiddleOfErasingLosesNothingAndEndsTheSame) {
  for (int i = 0; i < 20; ++i) insert("old" + std::to_string(i), 10);
  insert("young", 20);
  move_to(15s);
  ASSERT_FALSE(repository->walk(9));  // Some rows are gone, and the digest says nothing of it.
  reopen({2});
  EXPECT_THAT(scanned(), testing::ElementsAre("young"));
  EXPECT_EQ(insert("old1", 10), Applied::kDuplicate);
  walk();
  const crdt::StoreDigest digest = repository->digest();
  EXPECT_EQ(digest.records, 1u);
  reopen({3});
  walk();
  EXPECT_EQ(repository->digest(), digest);
}

TEST_F(RepositoryRetention, AMoveWhileAWalkIsUnderWayMakesAnotherOneDue) {
  for (char i = 0; i < 10; ++i) insert("old" + std::to_string(i), 10);
  walk();
  ASSERT_FALSE(repository->walk(13));  // Has counted some of them.
  move_to(15s);
  walk();
  EXPECT_FALSE(repository->counted());
  walk();
  EXPECT_TRUE(repository->counted());
  EXPECT_EQ(repository->digest().records, 0u);
}

TEST_F(RepositoryRetention, TheHorizonOnlyGrowsWhateverTheLastWriterSays) {
  move_to(15s);
  move_to(5s);
  EXPECT_EQ(repository->horizon().before(), WallTime(15s));
  reopen({2});
  move_to(20s);
  EXPECT_EQ(repository->horizon().before(), WallTime(20s));
}

TEST_F(RepositoryRetention, OneDocumentsRecordsGoAloneAndLaterOnesStay) {
  insert("c1 old", 10, "channel/T/C1");
  insert("c1 young", 20, "channel/T/C1");
  insert("c2 old", 10, "channel/T/C2");
  move_of("channel/T/C1", 15s);
  EXPECT_THAT(scanned(), testing::ElementsAre("c1 young", "c2 old"));
  EXPECT_EQ(repository->horizon().of("channel/T/C1"), WallTime(15s));
  EXPECT_EQ(repository->horizon().of("channel/T/C2"), WallTime());
  reopen({2});
  EXPECT_THAT(scanned(), testing::ElementsAre("c1 young", "c2 old"));
}

TEST_F(RepositoryRetention, ValuesThatAreNoTimeMoveNothing) {
  insert("old", 10);
  for (const char* value : {"", "soon", "-1", "12x", "99999999999999999999"}) {
    const auto write = [&](crdt::Edit& edit) { edit.write("before", value); };
    ASSERT_TRUE(repository->apply(moved(write)));
  }
  EXPECT_TRUE(repository->horizon().empty());
  EXPECT_TRUE(holds("old"));
}

TEST_F(RepositoryRetention, OfConcurrentMovesTheLatestCounts) {
  const auto early = moved([](crdt::Edit& edit) { crdt::move_horizon(edit, WallTime(5s)); });
  reopen({2});
  move_to(15s);
  ASSERT_TRUE(repository->apply(early));
  EXPECT_EQ(repository->horizon().before(), WallTime(15s));
}

}  // namespace

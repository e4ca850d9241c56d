#include "node/replica_records.h"

#include <gtest/gtest.h>

#include "crdt/edit.h"
#include "crdt/handled_set.h"
#include "node/memory_store.h"

namespace {

using crdt::ReplicaId;
using crdt::RequestId;
using crdt::WallTime;
using node::find_handling;
using node::Handling;
using namespace std::chrono_literals;

constexpr RequestId kRequest{1, 2};
constexpr std::uint64_t kEvent = 7;
const WallTime kAsked(1'790'000'000s);

// A document that took kRequest at each of `handlers`, concurrently.
crdt::Document handled_by(const std::vector<ReplicaId>& handlers) {
  crdt::Document document;
  std::vector<crdt::Delta> deltas;
  for (const ReplicaId handler : handlers) {
    crdt::Edit edit(document, handler, {kRequest, "U1"}, {kAsked.time_since_epoch().count()});
    crdt::add_handled(edit, crdt::big_endian(kEvent));
    deltas.push_back(edit.finish());
  }
  for (const crdt::Delta& delta : deltas) document.apply(delta);
  return document;
}

class ReplicaRecords : public testing::Test {
 protected:
  ReplicaRecords() {
    repository.use(store.begin());
    EXPECT_TRUE(repository.open());
  }
  void keep(const crdt::Record& record) { ASSERT_TRUE(repository.apply({{}, {record}})); }

  node::MemoryStore store;
  crdt::Repository repository;
};

TEST_F(ReplicaRecords, TimelineKeysComeFromTheRequestAloneAndSortByDocumentAndTime) {
  const auto record = [](const std::string& document, WallTime asked, RequestId id) {
    return node::timeline_record(document, asked, id, "entry").key;
  };
  EXPECT_EQ(record("a", kAsked, kRequest), record("a", kAsked, kRequest));
  EXPECT_EQ(crdt::kind_of(record("a", kAsked, kRequest)), node::kTimelineKind);
  EXPECT_LT(record("a", kAsked, {9, 9}), record("a", kAsked + 1s, {1, 1}));
  EXPECT_LT(record("a", kAsked + 1s, kRequest), record("a/b", kAsked, kRequest));
  EXPECT_NE(record("a", kAsked, {1, 1}), record("a", kAsked, {1, 2}));
  EXPECT_LE(record(std::string(200, 'k'), kAsked, kRequest).size(), crdt::kRecordKeyBytesMax);
}

TEST_F(ReplicaRecords, EachReplicaThatHandlesARequestLeavesARecordOfItsOwn) {
  EXPECT_NE(node::request_record({1}, kEvent, {}).key, node::request_record({2}, kEvent, {}).key);
}

TEST_F(ReplicaRecords, WhatWasAnsweredIsFoundAsItWas) {
  const Handling handling{std::string("{\"text\":\"\0\"}", 12), "detail", {kAsked, 5}};
  keep(node::request_record({1}, kEvent, handling));
  const auto found = find_handling(repository, handled_by({{1}}), kRequest);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(**found, handling);
}

TEST_F(ReplicaRecords, EachSaysWhenItWasMadeAndOfWhichDocumentItIs) {
  const crdt::Origin origin{kAsked, crdt::document_id("channel/T/C")};
  const auto event = node::timeline_record("channel/T/C", kAsked, kRequest, "entry");
  const auto answer = node::request_record({1}, kEvent, {"answer", "detail", origin});
  EXPECT_EQ(node::origin_of(event.key, event.value), origin);
  EXPECT_EQ(node::origin_of(answer.key, answer.value), origin);
}

TEST_F(ReplicaRecords, WhatDoesNotSayWhenItWasMadeIsKeptForEver) {
  const auto answer = node::request_record({1}, kEvent, {"answer", "detail"});
  EXPECT_EQ(node::origin_of(answer.key, answer.value), std::nullopt);
  EXPECT_EQ(node::origin_of(answer.key, answer.value + "x"), std::nullopt);
  EXPECT_EQ(node::origin_of("t", ""), std::nullopt);
  EXPECT_EQ(node::origin_of("tkey of no event at all, far too short", ""), std::nullopt);
  EXPECT_EQ(node::origin_of("r of the roster", "value"), std::nullopt);
}

TEST_F(ReplicaRecords, AnUnknownRequestWasNotHandled) {
  keep(node::request_record({1}, kEvent, {"answer", ""}));
  const auto found = find_handling(repository, handled_by({{1}}), {3, 4});
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(ReplicaRecords, AMarkWhoseRecordIsNotHereYetYieldsNothing) {
  const auto found = find_handling(repository, handled_by({{1}}), kRequest);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(ReplicaRecords, AMarkThatNoReplicaWritesLeadsNowhere) {
  keep(node::request_record({1}, kEvent, {"answer", ""}));
  crdt::Document document;
  crdt::Edit edit(document, {1}, {kRequest, "U1"}, {kAsked.time_since_epoch().count()});
  crdt::add_handled(edit, std::string(300, 'x'));
  document.apply(edit.finish());
  const auto found = find_handling(repository, document, kRequest);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(ReplicaRecords, OfSeveralHandlersEveryPeerPicksTheSameOne) {
  keep(node::request_record({2}, kEvent, {"of 2", ""}));
  keep(node::request_record({1}, kEvent, {"of 1", ""}));
  for (const auto& handlers : {std::vector<ReplicaId>{{1}, {2}}, {{2}, {1}}}) {
    const auto found = find_handling(repository, handled_by(handlers), kRequest);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->answer, "of 1");
  }
}

TEST_F(ReplicaRecords, WhereOnlyTheOthersRecordIsHereItAnswers) {
  keep(node::request_record({2}, kEvent, {"of 2", ""}));
  const auto found = find_handling(repository, handled_by({{1}, {2}}), kRequest);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->answer, "of 2");
}

}  // namespace

#include "crdt/document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Applied;
using crdt::Delta;
using crdt::Document;
using crdt::Dot;
using crdt::Edit;
using crdt::Rank;
using crdt::VersionVector;
using Values = std::vector<std::string>;

TEST(Leaf, BelongsToTheGroupOfItsFirstTwoParts) {
  EXPECT_EQ(crdt::group_of("t/3f9c/status"), "t/3f9c");
  EXPECT_EQ(crdt::group_of("t/3f9c"), "t/3f9c");
  EXPECT_EQ(crdt::group_of("n"), "n");
  EXPECT_EQ(crdt::group_of("m/a/b/c"), "m/a");
}

TEST(Document, KeepsConcurrentWritesAsSiblingsUntilOneSawBoth) {
  CrdtPeer a(0), b(1);
  const Delta from_a = a.write("x", "red");
  const Delta from_b = b.write("x", "blue");
  EXPECT_EQ(a.take(from_b), Applied::kApplied);
  EXPECT_EQ(b.take(from_a), Applied::kApplied);
  EXPECT_EQ(a.document, b.document);
  EXPECT_EQ(a.document.at("x").size(), 2u);
  a.write("x", "green");
  EXPECT_EQ(a.values("x"), Values{"green"});
}

TEST(Document, AnswersDuplicateAndGapWithoutATrace) {
  CrdtPeer a(0), b(1);
  const Delta first = a.write("x", "1");
  const Delta second = a.write("y", "2");
  const Document empty = b.document;
  EXPECT_EQ(b.take(second), Applied::kGap);
  EXPECT_EQ(b.document, empty);
  EXPECT_EQ(b.take(first), Applied::kApplied);
  EXPECT_EQ(b.take(first), Applied::kDuplicate);
  EXPECT_EQ(b.take(second), Applied::kApplied);
  EXPECT_EQ(b.document, a.document);
}

TEST(Document, TreatsAKilledDotThatItNeverSawAsAGap) {
  CrdtPeer a(0);
  a.write("x", "1");
  Delta hostile;
  hostile.advance = {{replica_id(1), 1}};
  hostile.killed = {Dot{replica_id(7), 3}};
  const Document before = a.document;
  EXPECT_EQ(a.take(hostile), Applied::kGap);
  EXPECT_EQ(a.document, before);
}

TEST(Document, MintsADotForARemoveThatFindsNothing) {
  CrdtPeer a(0);
  a.remove("nothing");
  EXPECT_EQ(a.document.context(), (VersionVector{{a.id, 1}}));
  EXPECT_TRUE(a.document.leaves().empty());
}

TEST(Document, CountsAVectorThatGrewWithoutAVisibleChangeAsAChange) {
  CrdtPeer a(0), b(1);
  a.remove("nothing");
  const auto brought = b.document.merge(a.document.fragment({}));
  ASSERT_TRUE(brought.has_value());
  EXPECT_EQ(brought->advance, (VersionVector{{a.id, 1}}));
  EXPECT_TRUE(b.document.leaves().empty());
  EXPECT_EQ(b.document, a.document);
}

TEST(Document, MergeReturnsTheIntervalItBrought) {
  CrdtPeer a(0), b(1), c(2);
  const Delta old = a.write("x", "old");
  b.take(old);
  c.take(old);
  a.write("x", "new");
  a.write("y", "short-lived");
  a.remove("y");
  const VersionVector before = b.document.context();
  const auto brought = b.document.merge(a.document.fragment(before));
  ASSERT_TRUE(brought.has_value());
  EXPECT_EQ(brought->after, before);
  EXPECT_EQ(brought->advance, (VersionVector{{a.id, 4}}));
  ASSERT_EQ(brought->written.size(), 1u);
  EXPECT_EQ(brought->written[0].value, "new");
  EXPECT_EQ(brought->killed, (std::vector<Dot>{{a.id, 1}}));
  EXPECT_EQ(c.take(*brought), Applied::kApplied);
  EXPECT_EQ(c.document, a.document);
}

TEST(Document, BringsNothingTwice) {
  CrdtPeer a(0), b(1);
  a.write("x", "1");
  const auto fragment = a.document.fragment({});
  EXPECT_FALSE(b.document.merge(fragment)->advance.empty());
  EXPECT_EQ(b.document.merge(fragment)->advance, VersionVector{});
  EXPECT_EQ(b.document, a.document);
}

TEST(Document, NamesTheGroupsThatADeltaChanged) {
  CrdtPeer a(0), b(1);
  b.take(a.write("t/1/status", "open"));
  b.take(a.write("t/2/status", "open"));
  const Delta delta = a.edit([](Edit& edit) {
    edit.remove("t/1/status");
    edit.remove("t/9/status");
    edit.write("n", "3");
  });
  crdt::Touched touched;
  EXPECT_EQ(b.document.apply(delta, &touched), Applied::kApplied);
  EXPECT_EQ(touched.groups, (std::vector<std::string>{"n", "t/1"}));
  EXPECT_EQ(touched.marks, std::vector<crdt::Dot>());
}

TEST(Document, ShowsTheGreatestRankThenValueThenDot) {
  CrdtPeer a(0), b(1);
  a.write("x", "late", 2);
  b.write("x", "zzz", 1);
  a.learn_from(b);
  EXPECT_EQ(a.document.winner("x")->value, "late");
  CrdtPeer c(2), d(3);
  c.write("x", "m");
  d.write("x", "n");
  c.learn_from(d);
  EXPECT_EQ(c.document.winner("x")->value, "n");
  EXPECT_EQ(c.document.winner("y"), nullptr);
}

TEST(Document, CopiesAreIndependent) {
  CrdtPeer a(0);
  a.write("x", "1");
  Document copy;
  copy = a.document;
  const Document kept = copy;
  a.write("x", "2");
  EXPECT_EQ(copy, kept);
  Edit edit(copy, replica_id(1), {}, Rank{1});
  edit.write("x", "3");
  EXPECT_EQ(copy.apply(edit.finish()), Applied::kApplied);
  EXPECT_EQ(copy.at("x").size(), 1u);
  EXPECT_EQ(kept.at("x")[0].value, "1");
}

TEST(Document, IsWhatItsStoredLeavesSay) {
  CrdtPeer a(0), b(1);
  a.write("x", "1");
  b.write("x", "2");
  a.learn_from(b);
  std::vector<crdt::Leaf> leaves = a.document.leaves();
  std::swap(leaves[0], leaves[1]);
  EXPECT_EQ(Document(a.document.context(), leaves), a.document);
}

TEST(DocumentDeathTest, RefusesAStoredLeafThatItsVectorDoesNotCover) {
  const crdt::Leaf leaf{"x", {replica_id(0), 1}, Rank{}, {}, "1"};
  EXPECT_DEATH(Document(VersionVector{}, {leaf}), "CHECK");
}

TEST(Edit, RanksAWriteAboveWhatItReplaces) {
  CrdtPeer a(0);
  a.write("x", "1", 5);
  a.write("x", "2", 3);
  EXPECT_EQ(a.document.at("x")[0].rank.micros, request_time(5) + 1);
  a.write("x", "3", 9);
  EXPECT_EQ(a.document.at("x")[0].rank.micros, request_time(9));
}

TEST(Edit, ReplacesEvenTheGreatestRankThereIs) {
  constexpr Rank kGreatest{std::numeric_limits<std::int64_t>::max()};
  CrdtPeer a(0);
  a.edit([&](Edit& edit) { edit.write_ranked("x", "poison", kGreatest, {}); });
  a.write("x", "cure");
  EXPECT_EQ(a.values("x"), Values{"cure"});
  EXPECT_EQ(a.document.at("x")[0].rank, kGreatest);
}

TEST(Edit, LaterWritesReplaceEarlierOnesOfTheSameEvent) {
  CrdtPeer a(0);
  const Delta delta = a.edit([](Edit& edit) {
    edit.write("x", "first");
    edit.write("x", "second");
    edit.write("y", "gone");
    edit.remove("y");
    EXPECT_EQ(edit.written("x")->value, "second");
    EXPECT_EQ(edit.written("y"), nullptr);
  });
  EXPECT_EQ(a.values("x"), Values{"second"});
  EXPECT_EQ(delta.advance, (VersionVector{{a.id, 4}}));
  EXPECT_EQ(delta.written.size(), 1u);
}

TEST(Edit, KeepsTheRankAndAuthorThatARestoreHandsIn) {
  CrdtPeer a(0);
  a.write("x", "1", 5);
  const crdt::Leaf old = a.document.at("x")[0];
  a.remove("x");
  a.edit([&](Edit& edit) { edit.write_ranked("x", old.value, old.rank, old.stamp); });
  const crdt::Leaf& restored = a.document.at("x")[0];
  EXPECT_EQ(restored.rank, old.rank);
  EXPECT_EQ(restored.stamp, old.stamp);
  EXPECT_NE(restored.dot, old.dot);
}

std::vector<std::string> cores_of(const Document& document) {
  std::vector<std::string> cores;
  for (const Document::Core& core : document.cores()) {
    cores.push_back(core.group->first + " " + core.value);
  }
  std::sort(cores.begin(), cores.end());
  return cores;
}

TEST(Document, ListsTheCoreLeavesThatLiveAndNoOthers) {
  CrdtPeer a(0), b(1);
  const Delta from_a = a.write("t/1/core", "7a");
  const Delta from_b = b.write("t/1/core", "8b");
  a.take(from_b);
  b.take(from_a);
  a.write("t/2/core", "9a");
  a.write("t/2/text", "disk");
  a.write("t/3/who/core", "U1");
  a.write("core", "x");
  const Values both{"t/1 7a", "t/1 8b", "t/2 9a"};
  EXPECT_EQ(cores_of(a.document), both);
  EXPECT_EQ(cores_of(Document(a.document)), both);
  EXPECT_EQ(cores_of(Document(a.document.context(), a.document.leaves())), both);
  a.remove("t/1/core");
  EXPECT_EQ(cores_of(a.document), Values{"t/2 9a"});
  b.learn_from(a);
  EXPECT_EQ(cores_of(b.document), Values{"t/2 9a"});
}

TEST(Edit, AnyEditBeatsWhatACreateWrote) {
  CrdtPeer a(0);
  a.edit([](Edit& edit) { edit.write_ranked("x", "made", crdt::kLowestRank, edit.stamp()); }, 9);
  a.write("x", "edited", 1);
  EXPECT_EQ(a.document.at("x")[0].rank.micros, request_time(1));
}

TEST(Edit, WithoutOperationsIsAnEmptyDelta) {
  CrdtPeer a(0);
  a.write("x", "1");
  Edit edit(a.document, a.id, {}, Rank{1});
  EXPECT_TRUE(edit.empty());
  EXPECT_EQ(edit.finish(), Delta{});
}

TEST(Edit, SendsOnlyTheEntriesThatMovedAndAlwaysItsOwn) {
  CrdtPeer a(0), b(1), c(2);
  b.write("y", "1");
  c.write("z", "1");
  a.learn_from(b);
  a.learn_from(c);
  EXPECT_EQ(a.write("x", "1").after, (VersionVector{{b.id, 1}, {c.id, 1}}));
  b.write("y", "2");
  a.learn_from(b);
  EXPECT_EQ(a.write("x", "2").after, (VersionVector{{a.id, 1}, {b.id, 2}}));
}

}  // namespace
}  // namespace tests

// Bugs that other replicated maps and sets had, as regression tests: each trace is from its report.
#include <gtest/gtest.h>

#include "crdt/add_wins_set.h"
#include "crdt/core_leaf.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Applied;
using crdt::Delta;
using crdt::Document;
using crdt::Edit;
using Values = std::vector<std::string>;

// basho/riak_dt #82: an element on both sides of a merge was taken as present, though each side had
// removed what the other still held.
TEST(HistoricBug, RiakDt82PresentOnBothSidesIsNotPresent) {
  const crdt::AddWinsSet set("s");
  CrdtPeer a(0), b(1), c(2);
  a.edit([&](Edit& edit) { set.add(edit, "x"); });
  b.edit([&](Edit& edit) { set.add(edit, "x"); });
  c.learn_from(a);
  // The report's a removes before it learns b's add.
  a.edit([&](Edit& edit) { set.remove(edit, "x"); });
  a.learn_from(b);
  b.edit([&](Edit& edit) { set.remove(edit, "x"); });
  EXPECT_TRUE(set.contains(a.document, "x"));
  EXPECT_TRUE(set.contains(c.document, "x"));
  CrdtPeer ac = a, ca = c;
  ac.learn_from(c);
  ca.learn_from(a);
  EXPECT_EQ(ac.document, ca.document);
  b.learn_from(ac);
  EXPECT_FALSE(set.contains(b.document, "x"));
  ca.learn_from(b);
  EXPECT_EQ(ca.document, b.document);
}

// basho/riak_dt #90: many fields of one event shared a dot, and the merge took the dot for the key,
// so fields of one event were mistaken for each other.
TEST(HistoricBug, RiakDt90FieldsOfOneEventAreToldApart) {
  CrdtPeer a(0), b(1);
  const Delta both = a.edit([](Edit& edit) {
    edit.write("f/one", "1");
    edit.write("f/two", "2");
  });
  EXPECT_NE(both.written[0].dot, both.written[1].dot);
  b.take(both);
  a.remove("f/one");
  b.write("f/two", "3");
  a.learn_from(b);
  b.learn_from(a);
  EXPECT_EQ(a.document, b.document);
  EXPECT_TRUE(a.values("f/one").empty());
  EXPECT_EQ(a.values("f/two"), Values{"3"});
}

// akka/akka-core #22648: node 2 adds to key b and removes the key; merging the *deltas* gave
// another map than merging the states.
TEST(HistoricBug, Akka22648DeltasOfAMapMergeAsItsStatesDo) {
  const crdt::AddWinsSet bindings("b");
  CrdtPeer one(0), two(1);
  const Delta add_1 = one.edit([&](Edit& edit) { bindings.add(edit, "B1"); });
  const Delta add_2 = two.edit([&](Edit& edit) { bindings.add(edit, "B2"); });
  const Delta remove_2 = two.edit([&](Edit& edit) {
    for (const crdt::Bytes& binding : bindings.elements(two.document)) {
      bindings.remove(edit, binding);
    }
  });

  CrdtPeer by_state_1 = one, by_state_2 = two, by_delta_1 = one, by_delta_2 = two;
  by_state_1.learn_from(two);
  by_state_2.learn_from(one);
  by_delta_1.take(add_2);
  by_delta_1.take(remove_2);
  by_delta_2.take(add_1);
  EXPECT_EQ(bindings.elements(by_state_1.document), Values{"B1"});
  EXPECT_EQ(by_state_1.document, by_state_2.document);
  EXPECT_EQ(by_state_1.document, by_delta_1.document);
  EXPECT_EQ(by_state_1.document, by_delta_2.document);

  // The delta group of the report's fix: the remove alone, without the add before it, is a gap.
  CrdtPeer skipped = one;
  EXPECT_EQ(skipped.take(remove_2), Applied::kGap);
  EXPECT_EQ(bindings.elements(skipped.document), Values{"B1"});
}

// akka/akka-core #22631, the same fix: a remove merged with its writer's *whole* vector took
// elements that the writer had never seen live at the receiver.
TEST(HistoricBug, Akka22631ARemoveTakesOnlyWhatItNames) {
  const crdt::AddWinsSet set("s");
  CrdtPeer a(0), b(1);
  const Delta first = a.edit([&](Edit& edit) { set.add(edit, "keep"); });
  const Delta second = a.edit([&](Edit& edit) { set.add(edit, "drop"); });
  b.take(first);
  b.take(second);
  const Delta remove = b.edit([&](Edit& edit) { set.remove(edit, "drop"); });
  CrdtPeer c(2);
  c.take(first);
  EXPECT_EQ(c.take(remove), Applied::kGap);
  c.take(second);
  EXPECT_EQ(c.take(remove), Applied::kApplied);
  EXPECT_EQ(set.elements(c.document), Values{"keep"});
}

// vlcn-io/cr-sqlite #299: rows were versioned as a whole but merged cell by cell, and a delete
// dropped the cells' clocks, so that delete, re-insert and a cell of the earlier life did not
// commute.
TEST(HistoricBug, CrSqlite299DeleteAndReinsertCommuteCellByCell) {
  CrdtPeer a(0), b(1);
  const auto insert = [](const std::string& text) {
    return [text](Edit& edit) {
      edit.write(crdt::core_path("t", "row"), "core");
      edit.write(crdt::field_path("t", "row", "text"), text);
      edit.write(crdt::field_path("t", "row", "status"), "open");
    };
  };
  const Delta inserted = a.edit(insert("first life"));
  b.take(inserted);
  const Delta removed = a.edit([](Edit& edit) { crdt::purge_entity(edit, "t", "row"); });
  const Delta reinserted = a.edit(insert("second life"));
  const Delta cell = b.write(crdt::field_path("t", "row", "text"), "edit of the first life", 9);

  CrdtPeer first(2), second(3), third(4);
  for (const Delta* delta : {&inserted, &removed, &reinserted, &cell}) first.take(*delta);
  for (const Delta* delta : {&inserted, &cell, &removed, &reinserted}) second.take(*delta);
  for (const Delta* delta : {&inserted, &removed, &cell, &reinserted}) third.take(*delta);
  EXPECT_EQ(first.document, second.document);
  EXPECT_EQ(first.document, third.document);
  // The edit saw neither the delete nor the new life: it stands beside the new value, for people to
  // choose, and nothing of the first life is left.
  EXPECT_EQ(first.document.at(crdt::field_path("t", "row", "text")).size(), 2u);
  EXPECT_EQ(first.document.at(crdt::field_path("t", "row", "status")).size(), 1u);
}

// The same report, other half: a delete beside an edit must not depend on who arrives first.
TEST(HistoricBug, CrSqlite299DeleteBesideAnEditCommutes) {
  CrdtPeer a(0), b(1), c(2), d(3);
  const Delta inserted = a.edit([](Edit& edit) {
    edit.write(crdt::core_path("t", "row"), "core");
    edit.write(crdt::field_path("t", "row", "text"), "x");
  });
  b.take(inserted);
  const Delta removed = a.edit([](Edit& edit) { crdt::purge_entity(edit, "t", "row"); });
  const Delta cell = b.write(crdt::field_path("t", "row", "text"), "y");
  for (const Delta* delta : {&inserted, &removed, &cell}) c.take(*delta);
  for (const Delta* delta : {&inserted, &cell, &removed}) d.take(*delta);
  EXPECT_EQ(c.document, d.document);
  EXPECT_FALSE(crdt::entity_exists(c.document, "t", "row"));
}

}  // namespace
}  // namespace tests

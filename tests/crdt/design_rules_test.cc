// The rules of the document model that were found by breaking looser ones. Each test keeps the rule
// and shows beside it what the looser rule would have done.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "crdt/core_leaf.h"
#include "crdt/counter.h"
#include "crdt/remove_wins_set.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Applied;
using crdt::Delta;
using crdt::Document;
using crdt::Dot;
using crdt::Edit;
using crdt::Fragment;
using crdt::VersionVector;
using Values = std::vector<std::string>;

// Deltas that carry only the dots they name, taken in any order: what the design rules out.
struct NaiveReplica {
  void take(const Delta& delta) {
    for (const crdt::Leaf& leaf : delta.written) {
      if (!known.contains(leaf.dot)) live[leaf.dot] = leaf.value;
      known.insert(leaf.dot);
    }
    for (const Dot& dot : delta.killed) {
      live.erase(dot);
      known.insert(dot);
    }
  }

  std::map<Dot, std::string> live;
  std::set<Dot> known;
};

TEST(DesignRule, ADeltaWaitsForWhatItFollows) {
  CrdtPeer a(0), b(1);
  const Delta first = a.write("x", "1");
  const Delta second = a.write("x", "2");
  const Delta third = a.write("x", "3");

  EXPECT_EQ(b.take(first), Applied::kApplied);
  EXPECT_EQ(b.take(third), Applied::kGap);
  EXPECT_EQ(b.values("x"), Values{"1"});
  b.learn_from(a);
  EXPECT_EQ(b.values("x"), Values{"3"});

  // The third names the second as killed, so the vector looks complete, and yet the first lives on.
  NaiveReplica naive;
  naive.take(first);
  naive.take(third);
  EXPECT_EQ(naive.known.size(), 3u);
  EXPECT_EQ(naive.live.size(), 2u);
}

TEST(DesignRule, AFragmentIsMergedOnlyWhereItsAskerIsCovered) {
  CrdtPeer a(0), b(1), c(2);
  b.take(a.write("x", "1"));
  a.write("y", "2");
  const Fragment for_b = a.document.fragment(b.document.context());

  EXPECT_FALSE(c.document.merge(for_b).has_value());
  EXPECT_EQ(c.document, Document{});

  Fragment unchecked = for_b;
  unchecked.asker = {};
  ASSERT_TRUE(c.document.merge(unchecked).has_value());
  EXPECT_EQ(c.document.context(), a.document.context());
  EXPECT_NE(c.document, a.document);  // x is lost for good, and no vector ever shows it.
}

TEST(DesignRule, WhatAFragmentBroughtIsForwardedAsAnInterval) {
  CrdtPeer a(0), b(1), c(2), d(3);
  const Delta first = a.write("x", "1");
  c.take(first);
  d.take(first);
  a.write("x", "2");
  const Delta interval = *b.document.merge(a.document.fragment({}));
  EXPECT_TRUE(interval.killed.empty());  // The first was born and died inside the interval.

  EXPECT_EQ(c.take(interval), Applied::kApplied);
  EXPECT_EQ(c.document, a.document);

  // Taking the written and the killed alone leaves both values under one vector.
  Delta naive = interval;
  naive.after = {{a.id, 1}};
  EXPECT_EQ(d.take(naive), Applied::kApplied);
  EXPECT_EQ(d.document.context(), a.document.context());
  EXPECT_EQ(d.values("x"), (Values{"1", "2"}));
}

TEST(DesignRule, AnIntervalDoesNotReviveWhatDiedHere) {
  CrdtPeer a(0), b(1), c(2);
  const Delta first = a.write("x", "1");
  const Delta interval = *b.document.merge(a.document.fragment({}));
  c.take(first);
  c.remove("x");
  a.write("y", "2");
  Delta longer = *b.document.merge(a.document.fragment(b.document.context()));
  longer.after = interval.after;  // Both intervals in one, as a batch.
  longer.written.insert(longer.written.begin(), interval.written[0]);
  EXPECT_EQ(c.take(longer), Applied::kApplied);
  EXPECT_TRUE(c.values("x").empty());
  EXPECT_EQ(c.values("y"), Values{"2"});
}

TEST(DesignRule, AnIntervalIsAppliedOnlyWhereItsStartIsCovered) {
  CrdtPeer a(0), b(1), c(2), d(3);
  b.take(a.write("x", "1"));
  a.write("y", "2");
  const Delta interval = *b.document.merge(a.document.fragment(b.document.context()));
  EXPECT_EQ(c.take(interval), Applied::kGap);
  EXPECT_EQ(c.document, Document{});

  Delta unchecked = interval;
  unchecked.after = {};
  EXPECT_EQ(d.take(unchecked), Applied::kApplied);
  EXPECT_EQ(d.document.context(), a.document.context());
  EXPECT_TRUE(d.values("x").empty());  // Lost for good.
}

TEST(DesignRule, ACompressedDeltaNamesItsWritersOwnPast) {
  CrdtPeer a(0), b(1), c(2);
  a.write("x", "1");
  const Delta second = a.write("y", "2");
  EXPECT_EQ(second.after, (VersionVector{{a.id, 1}}));
  EXPECT_EQ(b.take(second), Applied::kGap);

  Delta nameless = second;
  nameless.after = {};
  EXPECT_EQ(c.take(nameless), Applied::kApplied);
  EXPECT_EQ(c.document.context(), a.document.context());
  EXPECT_NE(c.document, a.document);
}

TEST(DesignRule, ARestoredStoreWritesUnderANewId) {
  CrdtPeer a(0), b(1);
  const Document backup = a.document;
  b.take(a.write("x", "before"));

  CrdtPeer kept_id(0);
  kept_id.document = backup;
  kept_id.write("x", "after");
  EXPECT_EQ(kept_id.document.context(), b.document.context());
  EXPECT_NE(kept_id.document, b.document);  // One dot, two values: for ever.

  CrdtPeer new_id(5);
  new_id.document = backup;
  new_id.write("x", "after");
  new_id.learn_from(b);
  b.learn_from(new_id);
  EXPECT_EQ(new_id.document, b.document);
  EXPECT_EQ(b.document.at("x").size(), 2u);
}

TEST(DesignRule, ACounterIsNeverResetOrRewritten) {
  const crdt::Counter counter("n");
  CrdtPeer a(0), b(1);
  a.edit([&](Edit& edit) { counter.add(edit, 5); });
  b.learn_from(a);
  b.edit([&](Edit& edit) { counter.add(edit, 3); });
  a.learn_from(b);
  EXPECT_EQ(counter.total(a.document), 8);

  // A reset beside +1 gives back all that b had; a rewrite beside +1 counts it twice.
  CrdtPeer reset = a, beside = b, rewriting(2);
  rewriting.document = a.document;
  beside.edit([&](Edit& edit) { counter.add(edit, 1); });
  reset.edit([&](Edit& edit) {
    for (const crdt::Leaf& leaf : reset.document.leaves()) edit.remove(leaf.path);
  });
  reset.learn_from(beside);
  EXPECT_EQ(counter.total(reset.document), 4);  // Not 1.
  rewriting.edit([&](Edit& edit) {
    edit.remove(counter.path(a.id));
    edit.remove(counter.path(b.id));
    counter.add(edit, 8);
  });
  rewriting.learn_from(beside);
  EXPECT_EQ(counter.total(rewriting.document), 12);  // Not 9.
}

TEST(DesignRule, ARevocationIsNeverPurged) {
  const crdt::RemoveWinsSet admins("m");
  CrdtPeer granting(0), revoking(1), purging(2);
  purging.take(revoking.edit([&](Edit& edit) { admins.revoke(edit, "ann"); }));
  granting.edit([&](Edit& edit) { admins.grant(edit, "ann"); });
  granting.learn_from(revoking);
  EXPECT_FALSE(admins.contains(granting.document, "ann"));

  // Everybody has seen the revocation. Purging it brings ann back without a grant that saw it.
  purging.remove(admins.path("ann"));
  granting.learn_from(purging);
  EXPECT_TRUE(admins.contains(granting.document, "ann"));
}

TEST(DesignRule, ATaskExistsOnlyWithItsCoreLeaf) {
  CrdtPeer a(0), b(1);
  a.edit([](Edit& edit) {
    for (const char* field : {"core", "status", "text"}) {
      edit.write(crdt::field_path("t", "7", field), field);
    }
  });
  b.learn_from(a);
  a.edit([](Edit& edit) { crdt::purge_entity(edit, "t", "7"); });
  b.write(crdt::field_path("t", "7", "text"), "edited");
  a.learn_from(b);

  EXPECT_FALSE(crdt::entity_exists(a.document, "t", "7"));
  EXPECT_TRUE(crdt::entities(a.document, "t").empty());
  EXPECT_EQ(crdt::orphans(a.document, "t"), Values{"t/7/text"});
  EXPECT_FALSE(a.document.leaves().empty());  // "Any leaf" would show a task without a status.

  a.edit([&](Edit& edit) {
    for (const std::string& path : crdt::orphans(a.document, "t")) edit.remove(path);
  });
  EXPECT_TRUE(a.document.leaves().empty());
}

TEST(DesignRule, ARemovedDocumentKeepsItsVector) {
  CrdtPeer a(0), b(1);
  a.write("x", "1");
  b.learn_from(a);
  a.remove("x");
  EXPECT_TRUE(a.document.leaves().empty());
  EXPECT_FALSE(a.document.empty());
  b.learn_from(a);
  EXPECT_TRUE(b.document.leaves().empty());
  // With the vector dropped, the next write would be dot 1 again, which b knows as dead.
  CrdtPeer dropped(0);
  EXPECT_EQ(b.take(dropped.write("x", "new")), Applied::kDuplicate);
}

}  // namespace
}  // namespace tests

// The named cases of sets, counters, registers and paths; their laws are in schedule_law_test.cc.
#include <gtest/gtest.h>

#include <limits>

#include "crdt/add_wins_set.h"
#include "crdt/counter.h"
#include "crdt/mv_register.h"
#include "crdt/path.h"
#include "crdt/remove_wins_set.h"
#include "tests/support/case_count.h"
#include "tests/support/crdt_peer.h"
#include "tests/support/property.h"

namespace tests {
namespace {

using crdt::Edit;
using Values = std::vector<std::string>;

TEST(Path, NamesOfAnyBytesStayInTheirPart) {
  EXPECT_EQ(crdt::escape_part("a/b%"), "a%2Fb%25");
  EXPECT_EQ(crdt::escape_part(""), "%");
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [] {
                             const auto name = *rc::gen::container<std::string>(
                                 rc::gen::elementOf(std::string("a/%25F")));
                             const std::string part = crdt::escape_part(name);
                             RC_ASSERT(crdt::unescape_part(part) == name);
                             RC_ASSERT(!part.empty() && part.find('/') == std::string::npos);
                           }),
            "");
}

TEST(MvRegister, ShowsEachDifferentValueOnceAndItsAuthors) {
  const crdt::MvRegister field("x");
  CrdtPeer a(0), b(1), c(2);
  a.write("x", "red", 1);
  b.write("x", "red", 2);
  c.write("x", "blue", 3);
  a.learn_from(b);
  EXPECT_FALSE(field.is_conflict(a.document));
  a.learn_from(c);
  EXPECT_TRUE(field.is_conflict(a.document));
  const auto values = field.values(a.document);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0]->value, "blue");
  EXPECT_EQ(values[1]->stamp.request, request_id(2));  // The later of the two reds.
}

TEST(MvRegister, TwoLeavesOfOneRequestAreOneValue) {
  const crdt::MvRegister field("x");
  CrdtPeer a(0), b(1);
  a.write("x", "7", 4);
  b.write("x", "8", 4);
  a.learn_from(b);
  EXPECT_FALSE(field.is_conflict(a.document));
  EXPECT_EQ(field.values(a.document).size(), 1u);
}

TEST(MvRegister, WritesWithoutARequestAreToldApartByValue) {
  const crdt::MvRegister field("x");
  CrdtPeer a(0), b(1);
  a.write("x", "7", 0);
  b.write("x", "8", 0);
  a.learn_from(b);
  EXPECT_TRUE(field.is_conflict(a.document));
}

TEST(MvRegister, SiblingsAreBoundedByConcurrentWriters) {
  CrdtPeer a(0), b(1);
  for (int i = 0; i < 20; ++i) {
    a.write("x", "a" + std::to_string(i));
    b.write("x", "b" + std::to_string(i));
  }
  a.learn_from(b);
  EXPECT_EQ(a.document.at("x").size(), 2u);
}

TEST(AddWinsSet, AnAddBesideARemoveStays) {
  const crdt::AddWinsSet set("s");
  CrdtPeer a(0), b(1);
  a.edit([&](Edit& edit) { set.add(edit, "x"); });
  b.learn_from(a);
  a.edit([&](Edit& edit) { set.remove(edit, "x"); });
  b.edit([&](Edit& edit) { set.add(edit, "x"); });
  a.learn_from(b);
  EXPECT_TRUE(set.contains(a.document, "x"));
  a.edit([&](Edit& edit) { set.remove(edit, "x"); });
  EXPECT_TRUE(set.elements(a.document).empty());
}

TEST(AddWinsSet, AnElementWithASlashIsOneElement) {
  const crdt::AddWinsSet set("s");
  CrdtPeer a(0);
  a.edit([&](Edit& edit) {
    set.add(edit, "x/y");
    set.add(edit, "x");
    set.add(edit, "");
    edit.write("s2/z", "of another set");
    edit.write("s/x/deeper", "no element");
  });
  EXPECT_EQ(set.elements(a.document), (Values{"", "x", "x/y"}));
  a.edit([&](Edit& edit) { set.remove(edit, "x"); });
  EXPECT_TRUE(set.contains(a.document, "x/y"));
  EXPECT_TRUE(set.contains(a.document, ""));
}

TEST(RemoveWinsSet, ARevocationBesideAGrantStands) {
  const crdt::RemoveWinsSet set("m");
  CrdtPeer a(0), b(1);
  a.edit([&](Edit& edit) { set.grant(edit, "ann"); });
  b.learn_from(a);
  EXPECT_TRUE(set.contains(b.document, "ann"));
  a.edit([&](Edit& edit) { set.grant(edit, "ann"); });
  b.edit([&](Edit& edit) { set.revoke(edit, "ann"); });
  a.learn_from(b);
  EXPECT_FALSE(set.contains(a.document, "ann"));
  a.edit([&](Edit& edit) { set.grant(edit, "ann"); });  // It saw the revocation.
  b.learn_from(a);
  EXPECT_TRUE(set.contains(b.document, "ann"));
}

TEST(RemoveWinsSet, AGarbledVoteGrantsNothing) {
  const crdt::RemoveWinsSet set("m");
  CrdtPeer a(0);
  a.write(set.path("ann"), "IN");
  EXPECT_FALSE(set.contains(a.document, "ann"));
  EXPECT_TRUE(set.elements(a.document).empty());
  EXPECT_FALSE(set.contains(a.document, "nobody"));
}

TEST(Counter, AddsOfOneEventAddUp) {
  const crdt::Counter counter("n");
  CrdtPeer a(0);
  a.edit([&](Edit& edit) {
    counter.add(edit, 2);
    counter.add(edit, -5);
    counter.add(edit, 4);
  });
  a.edit([&](Edit& edit) { counter.add(edit, 10); });
  EXPECT_EQ(counter.total(a.document), 11);
  EXPECT_EQ(a.document.leaves().size(), 1u);
}

TEST(Counter, StopsAtItsEndsRatherThanWrap) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const crdt::Counter counter("n");
  CrdtPeer a(0);
  for (int i = 0; i < 3; ++i) a.edit([&](Edit& edit) { counter.add(edit, kMost); });
  EXPECT_EQ(counter.total(a.document), kMost);
  CrdtPeer b(1);
  b.edit([&](Edit& edit) { counter.add(edit, kLeast); });
  EXPECT_EQ(counter.total(b.document), -kMost);
}

TEST(Counter, IgnoresALeafThatIsNoPairOfSums) {
  const crdt::Counter counter("n");
  CrdtPeer a(0);
  a.write(counter.path(replica_id(9)), "garbled");
  a.edit([&](Edit& edit) { counter.add(edit, 1); });
  EXPECT_EQ(counter.total(a.document), 1);
}

}  // namespace
}  // namespace tests

#include "crdt/handled_mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "crdt/codec.h"
#include "crdt/handled_set.h"
#include "crdt/state_hash.h"
#include "tests/support/choices.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Bytes;
using crdt::Delta;
using crdt::Document;
using crdt::Dot;
using crdt::Edit;
using crdt::HandledMark;
using crdt::Leaf;
using crdt::Rank;
using crdt::RequestId;
using crdt::VersionVector;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr RequestId kRequest{0x0123456789abcdef, 0xfedcba9876543210};
constexpr const char* kPath = "h/0123456789abcdeffedcba9876543210";

Leaf mark_leaf() {
  return {kPath, {{7}, 1}, Rank{5}, {kRequest, "U12345678"}, Bytes("\0event1", 7)};
}

// Leaves under a mark's path, or nearly, that no mark can express.
std::vector<Leaf> misfits() {
  std::vector<Leaf> all(8, mark_leaf());
  all[0].stamp.author = Bytes(HandledMark::kPackedAuthorBytesMax + 1, 'U');
  all[1].value = Bytes(HandledMark::kNoteBytesMax + 1, 'n');
  all[2].stamp.request.low ^= 1;
  all[3].path = "h/0123456789ABCDEFfedcba9876543210";
  all[4].path.pop_back();
  all[5].path += '0';
  all[6].path += "/below";
  all[7].path[0] = 'i';
  return all;
}

// A document with these leaves, their dots made different.
Document document_of(std::vector<Leaf> leaves) {
  VersionVector context;
  for (std::size_t i = 0; i < leaves.size(); ++i) leaves[i].dot = {{7}, i + 1};
  context.advance({7}, leaves.size());
  return Document(context, std::move(leaves));
}

// Removes what is old as a request of another id would, a thousand hours later.
std::size_t sweep(Document& document) {
  const Rank later{1'000 * crdt::kHandledMicros};
  Edit edit(document, crdt::ReplicaId{9}, {RequestId{1, 1}, ""}, later);
  const std::size_t removed = crdt::expire_handled(edit, later);
  document.apply(edit.finish());
  return removed;
}

TEST(HandledMark, NamesThePathOfARequestAndFindsTheRequestAgain) {
  EXPECT_EQ(crdt::handled_path(kRequest), kPath);
  EXPECT_EQ(crdt::handled_request(kPath), kRequest);
  for (const char* other :
       {"", "h/", "h/0123456789abcdeffedcba987654321", "t/0123456789abcdef",
        "h/0123456789abcdeffedcba98765432100", "h/+123456789abcdeffedcba98765432",
        "h/0123456789ABCDEFfedcba9876543210", "h/0x23456789abcdef 123456789abcdef"}) {
    EXPECT_EQ(crdt::handled_request(other), std::nullopt) << other;
  }
}

TEST(HandledMark, UnpacksToTheLeafThatWasPacked) {
  const Bytes notes[] = {"", "n", Bytes("\0\0\0\0\0\0\0\1", 8), Bytes(8, '\xff'), Bytes("n\0", 2)};
  for (const Bytes& note : notes) {
    for (const std::size_t author : {0U, 1U, 9U, 14U}) {
      Leaf leaf = mark_leaf();
      leaf.value = note;
      leaf.stamp.author = std::string(author, 'U');
      leaf.rank = Rank{-3};
      const auto mark = crdt::pack(leaf);
      ASSERT_TRUE(mark);
      EXPECT_EQ(crdt::unpack(*mark), leaf);
      EXPECT_EQ(crdt::pack(crdt::unpack(*mark)), mark);
    }
  }
}

// Ids are guessed to be spread evenly; peers may send others.
RC_GTEST_PROP(HandledMarkLaw, IsFoundWhereverIdsGather, ()) {
  const auto draw_id = [] {
    const auto high =
        *rc::gen::weightedOneOf<std::uint64_t>({{2, rc::gen::arbitrary<std::uint64_t>()},
                                                {1, rc::gen::inRange<std::uint64_t>(0, 5)},
                                                {1, rc::gen::just(~std::uint64_t{0})}});
    return RequestId{high, *rc::gen::inRange<std::uint64_t>(0, 3)};
  };
  std::vector<HandledMark> marks;
  crdt::VersionVector context;
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 40);
  for (std::uint64_t i = 1; i <= count; ++i) {
    HandledMark mark = *crdt::pack(mark_leaf());
    mark.request = draw_id();
    mark.dot.counter = i;
    context.advance(mark.dot.replica, i);
    marks.push_back(mark);
  }
  const Document document(context, {}, marks);
  const RequestId wanted = marks.empty() || *rc::gen::arbitrary<bool>()
                               ? draw_id()
                               : (*rc::gen::elementOf(marks)).request;
  RC_ASSERT(document.marks_from(wanted) == document.marks().lower_bound(wanted));
  const auto same = std::count_if(marks.begin(), marks.end(),
                                  [&](const HandledMark& mark) { return mark.request == wanted; });
  RC_ASSERT(static_cast<std::ptrdiff_t>(document.marks_of(wanted).size()) == same);
}

TEST(HandledMark, LeavesThatDifferAreMarksThatDiffer) {
  Leaf leaf = mark_leaf(), longer = mark_leaf();
  leaf.value = "n";
  longer.value = Bytes("n\0", 2);
  EXPECT_NE(crdt::pack(leaf), crdt::pack(longer));
}

TEST(HandledMark, WhatCannotBePackedStaysALeaf) {
  for (const Leaf& misfit : misfits()) EXPECT_FALSE(crdt::pack(misfit)) << misfit.path;
  const Document document = document_of(misfits());
  EXPECT_THAT(document.marks(), IsEmpty());
  EXPECT_EQ(document.leaf_count(), misfits().size());
  for (const Leaf& misfit : misfits()) EXPECT_FALSE(document.at(misfit.path).empty());
}

TEST(HandledMark, AMarkThatCannotBePackedIsFoundLikeEveryOther) {
  for (std::size_t i = 0; i < 3; ++i) {
    const Document document = document_of({misfits()[i], mark_leaf()});
    EXPECT_THAT(document.marks(), SizeIs(1));
    EXPECT_THAT(crdt::handled_marks(document, kRequest), SizeIs(2)) << i;
    const Document alone = document_of({misfits()[i]});
    EXPECT_TRUE(crdt::is_handled(alone, kRequest)) << i;
    EXPECT_THAT(crdt::handled_marks(alone, kRequest), SizeIs(1)) << i;
  }
}

TEST(HandledMark, ALeafUnderAnotherPathMarksNothing) {
  for (std::size_t i = 3; i < misfits().size(); ++i) {
    const Document document = document_of({misfits()[i]});
    EXPECT_FALSE(crdt::is_handled(document, kRequest)) << i;
    EXPECT_THAT(crdt::handled_marks(document, kRequest), IsEmpty()) << i;
  }
}

TEST(HandledMark, AMarkThatCannotBePackedExpires) {
  for (const Leaf& misfit : misfits()) {
    Document document = document_of({misfit});
    const bool below_h = misfit.path.starts_with("h/");
    EXPECT_EQ(sweep(document), below_h ? 1U : 0U) << misfit.path;
    EXPECT_EQ(document.leaf_count(), below_h ? 0U : 1U) << misfit.path;
  }
}

TEST(HandledMark, TwoMarksOfARequestStayWhetherTheyArePackedOrNot) {
  for (std::size_t i = 0; i < 3; ++i) {
    Document document = document_of({misfits()[i], mark_leaf()});
    EXPECT_EQ(sweep(document), 0U);
    EXPECT_EQ(document.leaf_count(), 2U);
  }
}

TEST(HandledMark, AWriteReplacesMarksOfBothKinds) {
  Document document = document_of({misfits()[1], mark_leaf()});
  Edit edit(document, crdt::ReplicaId{9}, {kRequest, "U1"}, Rank{6});
  crdt::add_handled(edit, "8 octets");
  ASSERT_EQ(document.apply(edit.finish()), crdt::Applied::kApplied);
  ASSERT_THAT(crdt::handled_marks(document, kRequest), SizeIs(1));
  EXPECT_EQ(crdt::handled_marks(document, kRequest).front().value, "8 octets");
}

TEST(HandledMark, AGroupHoldsMarksOfBothKindsInTheOrderOfPathsAndDots) {
  const Document document = document_of({mark_leaf(), misfits()[1], mark_leaf(), misfits()[6]});
  std::vector<std::uint64_t> counters;
  for (const Leaf& leaf : document.group(kPath)) counters.push_back(leaf.dot.counter);
  EXPECT_THAT(counters, ElementsAre(1, 2, 3, 4));
  const std::vector<Leaf> leaves = document.leaves();
  EXPECT_EQ(document.group(kPath), leaves);
}

TEST(HandledMark, AStoredMarkIsReadWholeOrNotAtAll) {
  const HandledMark mark = *crdt::pack(mark_leaf());
  const Bytes encoded = crdt::encode(mark);
  EXPECT_EQ(crdt::decode_mark(encoded).value(), mark);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(crdt::decode_mark(crdt::BytesView(encoded).substr(0, size))) << size;
  }
  EXPECT_FALSE(crdt::decode_mark(encoded + '\0'));
  HandledMark nobodys = mark;
  nobodys.dot.replica = {};
  EXPECT_FALSE(crdt::decode_mark(crdt::encode(nobodys)));
}

TEST(HandledMark, ADocumentFindsEachMarkByItsDot) {
  const Document document = document_of({mark_leaf(), misfits()[1], mark_leaf()});
  ASSERT_EQ(document.marks().size(), 2U);
  for (const HandledMark& mark : document.marks()) EXPECT_EQ(*document.mark(mark.dot), mark);
  for (const auto& [name, group] : document.groups()) {
    for (const Leaf& leaf : group) EXPECT_EQ(document.mark(leaf.dot), nullptr);
  }
  EXPECT_EQ(document.mark({crdt::ReplicaId{77}, 1}), nullptr);
}

// --- one state, several ways to it ---------------------------------------------------------------

// As a store holds it: one row for each group, and one for each mark.
Document stored_and_read(const Document& document) {
  std::vector<Leaf> leaves;
  for (const auto& [name, stored] : document.groups()) {
    auto group = crdt::decode_leaves(crdt::encode_leaves(stored));
    EXPECT_TRUE(group);
    std::move(group->begin(), group->end(), std::back_inserter(leaves));
  }
  std::vector<HandledMark> marks;
  for (const HandledMark& stored : document.marks()) {
    const auto mark = crdt::decode_mark(crdt::encode(stored));
    EXPECT_TRUE(mark);
    marks.push_back(*mark);
  }
  return Document(document.context(), std::move(leaves), marks);
}

// An event that marks its request, sometimes with what no mark can express, writes, and sweeps.
Delta any_event(CrdtPeer& peer, Choices& choices, std::uint64_t request) {
  return peer.edit(
      [&](Edit& edit) {
        const std::string path = crdt::handled_path(request_id(request));
        switch (choices.below(4)) {
          case 0:
            edit.write_ranked(path, Bytes(9, 'n'), edit.time(), edit.stamp());
            break;
          case 1:
            edit.write_ranked(path, "", edit.time(), {request_id(request), std::string(20, 'U')});
            break;
          default:
            crdt::add_handled(edit, "n");
        }
        edit.write("x", std::to_string(request));
        crdt::expire_handled(edit, edit.time());
      },
      request);
}

TEST(HandledMark, DocumentsThatGotTheSameByDeltasFragmentsAndTheirStoredFormAreEqual) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededChoices choices(seed);
    CrdtPeer peers[] = {CrdtPeer(0), CrdtPeer(1)};
    Document by_deltas;
    for (std::uint64_t step = 0; step < 20; ++step) {
      CrdtPeer& peer = peers[choices.below(2)];
      if (choices.percent(30)) {
        peer.learn_from(peers[choices.below(2)]);
      } else {
        const Delta delta = any_event(peer, choices, step / 2 + choices.below(3));
        ASSERT_EQ(by_deltas.apply(delta), crdt::Applied::kApplied);
      }
    }
    for (int round = 0; round < 2; ++round) {
      for (CrdtPeer& peer : peers) peer.learn_from(peers[&peer == peers ? 1 : 0]);
    }
    CrdtPeer whole(2);
    whole.learn_from(peers[0]);
    for (const Document& other :
         {peers[1].document, by_deltas, whole.document, stored_and_read(whole.document)}) {
      ASSERT_EQ(other, peers[0].document) << seed;
      ASSERT_EQ(crdt::state_hash(other), crdt::state_hash(peers[0].document)) << seed;
    }
  }
}

}  // namespace
}  // namespace tests

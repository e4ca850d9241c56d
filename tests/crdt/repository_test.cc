#include "crdt/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "crdt/edit.h"
#include "crdt/keyspace.h"
#include "node/memory_store.h"
#include "tests/support/choices.h"

namespace {

using crdt::Applied;
using crdt::Bytes;
using crdt::Change;
using crdt::Cursor;
using crdt::Document;
using crdt::ReplicaId;
using crdt::Repository;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A Repository and its store; every call is inside one open transaction until commit().
struct Shelf {
  explicit Shelf(ReplicaId self = {1}) { open(self); }

  void open(ReplicaId self) {
    run = self;
    repository = std::make_unique<Repository>(
        [this](const crdt::Record& record) { inserted.push_back(record.key); });
    repository->use(store.begin());
    ASSERT_TRUE(repository->open());
    repository->begin_run(self);
  }
  void reopen(ReplicaId self) {
    ASSERT_TRUE(store.commit());
    open(self);
  }

  const Document& at(const std::string& key) { return **repository->document(key); }

  crdt::DocumentDelta edit(const std::string& key, const std::string& path,
                           const std::string& value) {
    crdt::Edit edit(at(key), run, {{0, ++requests}, "U1"}, {1}, repository->previous_context(key));
    edit.write(path, value);
    return {key, edit.finish()};
  }
  Change write(const std::string& key, const std::string& path, const std::string& value) {
    Change change{{edit(key, path, value)}, {{"t" + std::to_string(requests), value}}};
    const auto outcome = repository->apply(change);
    EXPECT_TRUE(outcome && outcome->applied == Applied::kApplied);
    return change;
  }

  node::MemoryStore store;
  std::unique_ptr<Repository> repository;
  ReplicaId run;
  std::vector<Bytes> inserted;
  std::uint64_t requests = 0;
};

// What the digest must be, from the store itself: an empty repository is given all of it anew.
crdt::StoreDigest recomputed(Repository& from) {
  Shelf fresh({99});
  EXPECT_TRUE(from.scan_documents([&](const std::string& key, const Document& document) {
    EXPECT_TRUE(fresh.repository->merge(key, document.fragment({})));
  }));
  EXPECT_TRUE(from.scan_records("", [&](crdt::BytesView key, crdt::BytesView value) {
    EXPECT_TRUE(fresh.repository->apply({{}, {{Bytes(key), Bytes(value)}}}));
    return true;
  }));
  return fresh.repository->digest();
}

std::vector<std::string> documents_of(Repository& repository) {
  std::vector<std::string> keys;
  EXPECT_TRUE(repository.scan_documents(
      [&](const std::string& key, const Document&) { keys.push_back(key); }));
  return keys;
}

TEST(Repository, TheDigestIsThatOfItsContentAfterAnyHistoryAndAfterReopening) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    tests::SeededChoices choices(seed);
    Shelf a({1});
    Shelf b({2});
    std::vector<Change> changes;
    std::uint64_t runs = 10;
    for (int step = 0; step < 60; ++step) {
      Shelf& shelf = choices.percent(50) ? a : b;
      Shelf& other = &shelf == &a ? b : a;
      shelf.requests += 100;  // Requests of the two never share an id.
      const std::string key = "k" + std::to_string(choices.below(3));
      if (choices.percent(40)) {
        changes.push_back(shelf.write(key, "p/" + std::to_string(choices.below(4)), "v"));
      } else if (choices.percent(40) && !changes.empty()) {  // Any order, any number of times.
        ASSERT_TRUE(shelf.repository->apply(changes[choices.below(changes.size())]));
      } else if (choices.percent(50)) {
        ASSERT_TRUE(shelf.repository->merge(key, other.at(key).fragment(shelf.at(key).context())));
      } else {
        const crdt::StoreDigest before = shelf.repository->digest();
        shelf.reopen({++runs});
        ASSERT_EQ(shelf.repository->digest(), before);
      }
      ASSERT_EQ(shelf.repository->digest(), recomputed(*shelf.repository)) << "seed " << seed;
    }
  }
}

TEST(Repository, DocumentsSurviveReopeningEqual) {
  Shelf shelf;
  for (int i = 0; i < 20; ++i) {
    shelf.write("k", "t/" + std::to_string(i % 5) + "/text", std::to_string(i));
  }
  const Document before = shelf.at("k");
  const auto records = shelf.repository->digest().records;
  shelf.reopen({2});
  EXPECT_EQ(shelf.at("k"), before);
  EXPECT_EQ(shelf.repository->digest().records, records);
  EXPECT_EQ(**shelf.repository->record("t3"), "2");
  EXPECT_FALSE(*shelf.repository->record("nothing"));
}

TEST(Repository, APathThatDiedLeavesNoRowBehind) {
  Shelf shelf;
  shelf.write("k", "t/1/text", "v");
  crdt::Edit edit(shelf.at("k"), shelf.run, {{0, 9}, "U1"}, {1});
  edit.remove("t/1/text");
  ASSERT_TRUE(shelf.repository->apply({{{"k", edit.finish()}}, {}}));
  EXPECT_FALSE(shelf.store.contents().contains(crdt::keyspace::document_group("k", "t/1")));
  shelf.reopen({2});
  EXPECT_EQ(shelf.at("k").leaf_count(), 0u);
  EXPECT_EQ(shelf.at("k").context().of({1}), 2u);
}

TEST(Repository, WhatTheCacheForgetsIsReadAgainEqual) {
  constexpr std::size_t kLeaves = 1'000;
  Shelf shelf;
  std::vector<Document> all;
  for (std::size_t i = 0; i * kLeaves < 3 * Repository::kCachedLeavesMax / 2; ++i) {
    const std::string key = "k" + std::to_string(i);
    crdt::Edit edit(shelf.at(key), shelf.run, {{0, i + 1}, "U1"}, {1});
    for (std::size_t leaf = 0; leaf < kLeaves; ++leaf) {
      edit.write("t/" + std::to_string(leaf), std::to_string(i));
    }
    ASSERT_TRUE(shelf.repository->apply({{{key, edit.finish()}}, {}}));
    all.push_back(shelf.at(key));
  }
  EXPECT_TRUE(shelf.repository->previous_context("k0").empty()) << "nothing was forgotten";
  shelf.write("k0", "p", "later");
  for (std::size_t i = 1; i < all.size(); ++i) {
    ASSERT_EQ(shelf.at("k" + std::to_string(i)), all[i]);
  }
  EXPECT_EQ(shelf.at("k0").winner("p")->value, "later");
  EXPECT_EQ(shelf.repository->last_touched("k1").value(), 2u);
}

// With the least recently used one evicted first, each was read anew at each turn.
TEST(Repository, WhereMoreDocumentsAreUsedByTurnsThanFitMostOfTheCacheStaysUseful) {
  constexpr std::size_t kLeaves = 1'000;
  constexpr std::size_t kFit = Repository::kCachedLeavesMax / (kLeaves + 1);
  Shelf shelf;
  const auto key = [](std::size_t i) { return "k" + std::to_string(i); };
  for (std::size_t i = 0; i < kFit * 5 / 4; ++i) {
    crdt::Edit edit(shelf.at(key(i)), shelf.run, {{0, i + 1}, "U1"}, {1});
    for (std::size_t leaf = 0; leaf < kLeaves; ++leaf) edit.write("t/" + std::to_string(leaf), "v");
    ASSERT_TRUE(shelf.repository->apply({{{key(i), edit.finish()}}, {}}));
  }
  for (std::size_t turn = 0; turn < 3; ++turn) {
    for (std::size_t i = 0; i < kFit * 5 / 4; ++i)
      ASSERT_EQ(shelf.at(key(i)).leaf_count(), kLeaves);
  }
  std::size_t stayed = 0;  // What was read again has forgotten this.
  for (std::size_t i = 0; i < kFit * 5 / 4; ++i) {
    if (!shelf.repository->previous_context(key(i)).empty()) ++stayed;
  }
  EXPECT_GT(stayed, kFit * 3 / 4);
}

// Empty documents cost no leaf, so asking for many channels was remembered without a bound.
TEST(Repository, DocumentsWithoutLeavesAreForgottenToo) {
  Shelf shelf;
  shelf.write("first", "p", "v");
  for (std::size_t i = 0; i <= Repository::kCachedLeavesMax; ++i) {
    static_cast<void>(shelf.at("nothing" + std::to_string(i)));
  }
  EXPECT_TRUE(shelf.repository->previous_context("first").empty());
  EXPECT_THAT(documents_of(*shelf.repository), ElementsAre("first"));
}

TEST(Repository, AGapInTheSecondOfTwoDocumentsLeavesTheFirstAsItWas) {
  Shelf writer({1});
  const Change missed = writer.write("b", "p", "1");
  Change both{{writer.edit("a", "p", "2")}, {{"t-both", "v"}}};
  both.deltas.push_back(writer.edit("b", "p", "2"));
  ASSERT_TRUE(writer.repository->apply(both));

  Shelf reader({2});
  const auto contents = reader.store.contents();
  EXPECT_EQ(reader.repository->apply(both)->applied, Applied::kGap);
  EXPECT_EQ(reader.store.contents(), contents);
  EXPECT_EQ(reader.repository->digest(), crdt::StoreDigest{});
  EXPECT_THAT(reader.inserted, IsEmpty());
  ASSERT_TRUE(reader.repository->apply(missed));
  EXPECT_EQ(reader.repository->apply(both)->applied, Applied::kApplied);
  EXPECT_EQ(reader.repository->digest(), writer.repository->digest());
}

TEST(Repository, ADuplicateAddsNoRow) {
  Shelf shelf;
  const Change change = shelf.write("k", "p", "v");
  const auto again = shelf.repository->apply(change);
  EXPECT_EQ(again->applied, Applied::kDuplicate);
  EXPECT_EQ(again->seq, 0u);
  EXPECT_EQ(shelf.repository->head(), 1u);
}

TEST(Repository, OnInsertIsCalledOncePerRecord) {
  Shelf shelf;
  const Change change{{}, {{"t1", "v"}, {"t2", "v"}}};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(shelf.repository->apply(change));
  EXPECT_THAT(shelf.inserted, ElementsAre("t1", "t2"));
  shelf.reopen({2});
  ASSERT_TRUE(shelf.repository->apply(change));
  EXPECT_EQ(shelf.inserted.size(), 2u);
}

TEST(Repository, OnInsertIsNotCalledAgainWhenAGreaterValueReplacesARecord) {
  Shelf shelf;
  ASSERT_TRUE(shelf.repository->apply({{}, {{"t1", "v"}}}));
  ASSERT_TRUE(shelf.repository->apply({{}, {{"t1", "w"}}}));
  EXPECT_THAT(shelf.inserted, ElementsAre("t1"));
}

TEST(Repository, OnInsertIsCalledInsideTheTransactionThatInserts) {
  node::MemoryStore store;
  bool inside = false;
  Repository repository([&](const crdt::Record&) { inside = store.in_transaction(); });
  repository.use(store.begin());
  ASSERT_TRUE(repository.apply({{}, {{"t1", "v"}}}));
  EXPECT_TRUE(inside);
}

TEST(Repository, OfUnequalValuesUnderOneKeyTheGreaterStaysInEitherOrder) {
  Shelf one;
  Shelf two;
  const Change small{{}, {{"t1", "a"}}};
  const Change great{{}, {{"t1", "b"}}};
  for (const Change* change : {&small, &great}) ASSERT_TRUE(one.repository->apply(*change));
  for (const Change* change : {&great, &small}) ASSERT_TRUE(two.repository->apply(*change));
  EXPECT_EQ(**one.repository->record("t1"), "b");
  EXPECT_EQ(one.repository->digest(), two.repository->digest());
}

TEST(Repository, AFragmentThatWasAskedWithMoreThanIsKnownIsRefused) {
  Shelf writer({1});
  writer.write("k", "p", "1");
  const auto asked = writer.at("k").context();
  writer.write("k", "p", "2");
  Shelf reader({2});
  const auto merged = reader.repository->merge("k", writer.at("k").fragment(asked));
  ASSERT_TRUE(merged);
  EXPECT_TRUE(merged->refused);
  EXPECT_EQ(reader.repository->head(), 0u);
}

TEST(Repository, AFragmentThatBringsNothingAddsNoRow) {
  Shelf writer({1});
  const Change change = writer.write("k", "p", "1");
  Shelf reader({2});
  ASSERT_TRUE(reader.repository->apply(change));
  const auto merged = reader.repository->merge("k", writer.at("k").fragment({}));
  ASSERT_TRUE(merged && !merged->refused);
  EXPECT_EQ(merged->seq, 0u);
  EXPECT_THAT(merged->brought.deltas, IsEmpty());
}

TEST(Repository, TheLogNamesWhatEachRowTouchedAndWhoseItWas) {
  Shelf shelf;
  shelf.write("k", "p", "1");
  ASSERT_TRUE(shelf.repository->apply({{}, {{"t9", "v"}}}, Cursor{{5}, 7}));
  std::vector<std::uint64_t> rows;
  ASSERT_TRUE(shelf.repository->scan_log(0, [&](std::uint64_t seq, const crdt::LogRow& row) {
    rows.push_back(seq);
    EXPECT_EQ(row, shelf.repository->log_row(seq).value());
    return true;
  }));
  EXPECT_THAT(rows, ElementsAre(1, 2));
  EXPECT_THAT(shelf.repository->log_row(1)->documents, ElementsAre("k"));
  EXPECT_EQ(shelf.repository->log_row(2)->source, (Cursor{{5}, 7}));
  EXPECT_EQ(shelf.repository->last_touched("k").value(), 1u);
  EXPECT_EQ(shelf.repository->last_touched("nothing").value(), 0u);
}

// --- cursors ---

TEST(Repository, UsableCutsAKnownRunToWhereItEndedAndCountsAnUnknownOneAsNothing) {
  Shelf shelf({1});
  for (int i = 0; i < 5; ++i) shelf.write("k", "p", "v");
  shelf.reopen({2});
  shelf.reopen({3});  // Run 2 wrote nothing.
  for (int i = 0; i < 4; ++i) shelf.write("k", "p", "v");
  Repository& repository = *shelf.repository;
  EXPECT_EQ(repository.usable({{1}, 3}), 3u);
  EXPECT_EQ(repository.usable({{1}, 8}), 5u);
  EXPECT_EQ(repository.usable({{2}, 5}), 5u);
  EXPECT_EQ(repository.usable({{2}, 7}), 5u);
  EXPECT_EQ(repository.usable({{3}, 8}), 8u);
  EXPECT_EQ(repository.usable({{3}, 99}), 9u);
  EXPECT_EQ(repository.usable({{4}, 3}), 0u);
  shelf.reopen({4});
  EXPECT_EQ(shelf.repository->usable({{3}, 99}), 9u);
}

// Runs that begin at one row were listed in the order of their random ids.
TEST(Repository, RunsThatBeginAtOneRowAreListedInTheOrderOfTheirStarts) {
  Shelf shelf({9});
  shelf.reopen({5});
  shelf.reopen({7});
  for (int i = 0; i < 3; ++i) shelf.write("k", "p", "v");
  EXPECT_EQ(shelf.repository->usable({{9}, 3}), 0u);
  EXPECT_EQ(shelf.repository->usable({{5}, 3}), 0u);
  shelf.reopen({6});
  EXPECT_EQ(shelf.repository->usable({{7}, 3}), 3u);
  EXPECT_EQ(shelf.repository->usable({{9}, 3}), 0u);
}

TEST(Repository, CursorsAreKeptPerPeer) {
  Shelf shelf;
  shelf.repository->set_cursor("peer-1", {{5}, 7});
  shelf.repository->set_cursor("peer-2", {{6}, 8});
  shelf.repository->set_cursor("peer-1", {{5}, 9});
  shelf.reopen({2});
  EXPECT_EQ(shelf.repository->cursor("peer-1"), (Cursor{{5}, 9}));
  EXPECT_EQ(shelf.repository->cursor("peer-3"), Cursor{});
  EXPECT_EQ(shelf.repository->cursors().size(), 2u);
}

// --- damage ---

// Every byte of every stored value, flipped: what is read afterwards is equal or an Error. A
// damaged cursor may only claim less.
TEST(Repository, AFlippedByteIsAnErrorAndNeverAWrongAnswer) {
  Shelf shelf;
  shelf.write("k", "t/1/text", "disk full");
  shelf.write("k", "t/2/text", "db down");
  shelf.repository->set_cursor("peer-1", {{5}, 7});
  const Document document = shelf.at("k");
  ASSERT_TRUE(shelf.store.commit());
  const auto contents = shelf.store.contents();
  std::size_t errors = 0;
  for (const auto& [row, value] : contents) {
    for (std::size_t at = 0; at < value.size(); ++at) {
      node::MemoryStore damaged = shelf.store;
      Bytes flipped = value;
      flipped[at] = static_cast<char>(flipped[at] ^ 1);
      crdt::Transaction& txn = damaged.begin();
      txn.put(row, flipped);
      Repository repository;
      repository.use(txn);
      if (const auto opened = repository.open(); !opened) {
        ++errors;
        EXPECT_THAT(opened.error().message, HasSubstr("log"));
      } else {
        EXPECT_EQ(repository.digest(), shelf.repository->digest());
      }
      if (const auto read = repository.document("k"); !read) {
        ++errors;
        EXPECT_THAT(read.error().message, HasSubstr("k is damaged"));
      } else {
        ASSERT_EQ(**read, document) << "row " << crdt::to_hex(row) << " octet " << at;
      }
      for (const auto& [key, kept] : {std::pair{"t1", "disk full"}, {"t2", "db down"}}) {
        const auto record = repository.record(key);
        if (!record) ++errors;
        if (record) {
          ASSERT_EQ(**record, kept);
        }
      }
      ASSERT_THAT(repository.cursor("peer-1"), testing::AnyOf(Cursor{}, Cursor{{5}, 7}));
      damaged.abort();
    }
  }
  EXPECT_GT(errors, 100u);
}

TEST(Repository, ADamagedRecordIsLeftOutOfAScanWhichEndsWithAnError) {
  Shelf shelf;
  shelf.write("k", "p", "v");
  shelf.store.abort();
  shelf.store.begin().put(crdt::keyspace::record("t0"), "rubbish");
  EXPECT_FALSE(shelf.repository->scan_records("t", [](auto, auto) { return true; }));
}

TEST(Repository, ARowOfAFragmentSaysWhoHeldAllOfTheDocument) {
  constexpr ReplicaId kHolder{9};
  Shelf other({2});
  other.write("k", "p", "v");
  Shelf shelf;
  ASSERT_TRUE(shelf.repository->merge("k", other.at("k").fragment({}), kHolder));
  EXPECT_EQ(shelf.repository->log_row(1)->source, (Cursor{kHolder, 0}));
  // Of what is here the other one lacks a part now: it holds not all of it.
  shelf.write("k", "q", "v");
  const auto known = shelf.at("k").context();
  other.write("k", "r", "v");
  ASSERT_TRUE(shelf.repository->merge("k", other.at("k").fragment(known), kHolder));
  EXPECT_EQ(shelf.repository->log_row(3)->source, Cursor{});
}

TEST(Repository, AContextIsReadWithoutItsDocument) {
  Shelf shelf;
  EXPECT_TRUE(shelf.repository->context("k")->empty());
  shelf.write("k", "p", "v");
  EXPECT_EQ(*shelf.repository->context("k"), shelf.at("k").context());
  const auto written = shelf.at("k").context();
  shelf.reopen({2});
  EXPECT_EQ(*shelf.repository->context("k"), written);
}

// A document that changes all the time, without records, must not make the log grow for ever.
TEST(Repository, AWalkSweepsRowsThatLaterOnesMakeSuperfluous) {
  Shelf shelf;
  const auto change = [&](const std::string& key) {
    const auto outcome = shelf.repository->apply({{shelf.edit(key, "p", "v")}, {}});
    ASSERT_TRUE(outcome && outcome->applied == Applied::kApplied);
  };
  const auto rows = [&] {
    std::vector<std::uint64_t> seqs;
    EXPECT_TRUE(shelf.repository->scan_log(0, [&](std::uint64_t seq, const crdt::LogRow&) {
      seqs.push_back(seq);
      return true;
    }));
    return seqs;
  };
  for (int i = 0; i < 1'000; ++i) change("k" + std::to_string(i % 10));
  shelf.write("with a record", "p", "v");
  change("k0");
  change("with a record");
  shelf.reopen({2});  // Rows of the moment are in memory, too.
  while (!shelf.repository->walk(100)) {
  }
  EXPECT_LE(rows().size(), 10u + 2);  // One for each document, and the record's.
  EXPECT_EQ(shelf.repository->head(), 1'003u);
  EXPECT_EQ(rows().back(), 1'003u);
  EXPECT_THAT(rows(), testing::Contains(1'001u));
  while (!shelf.repository->walk(100)) {
  }
  EXPECT_LE(rows().size(), 10u + 2);
  EXPECT_TRUE(shelf.repository->counted());
}

TEST(Repository, ARowIsKeptWhereALaterOneCameFromAPeerAndSpeaksForItselfAlone) {
  Shelf shelf;
  ASSERT_TRUE(shelf.repository->apply({{shelf.edit("k", "p", "v")}, {}}));
  const auto pushed = shelf.edit("k", "q", "v");
  ASSERT_TRUE(shelf.repository->apply({{pushed}, {}}, {{5}, 7}));
  ASSERT_TRUE(shelf.repository->apply({{shelf.edit("other", "p", "v")}, {}}));
  while (!shelf.repository->walk(100)) {
  }
  EXPECT_TRUE(shelf.repository->log_row(1));
  EXPECT_TRUE(shelf.repository->log_row(2));
}

TEST(Repository, WhatFillsAStoreDoesNotComeIntoTheCache) {
  Shelf other({2});
  other.write("k", "p", "v");
  Shelf shelf;
  ASSERT_TRUE(shelf.repository->merge("k", other.at("k").fragment({})));
  EXPECT_EQ(shelf.at("k"), other.at("k"));  // Read from its rows.
  EXPECT_EQ(*shelf.repository->fragment("k", {}), other.at("k").fragment({}));
}

}  // namespace

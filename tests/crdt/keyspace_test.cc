#include "crdt/keyspace.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crdt/leaf.h"

namespace {

using namespace crdt::keyspace;

TEST(Keyspace, NoDocumentsRowsReachIntoAnothers) {
  const std::vector<std::string> keys{"a", "a/b", "a\1", "aa", "b", "channel/T/C", "channel/T/C1"};
  for (const std::string& key : keys) {
    for (const std::string& other : keys) {
      for (const std::string& group : {std::string("t/1"), std::string("n"), std::string("\xff")}) {
        const auto row = document_group(other, group);
        const bool inside = document_begin(key) < row && row < document_end(key);
        EXPECT_EQ(inside, key == other) << key << " and " << other;
      }
    }
  }
}

TEST(Keyspace, ADocumentsHeaderLiesInsideItAndIsNoGroup) {
  EXPECT_LT(document_begin("k"), document_header("k"));
  EXPECT_LT(document_header("k"), document_end("k"));
  for (const std::string path : {"h0//", "h0//x", "h0/"}) {
    EXPECT_NE(document_group("k", crdt::group_of(path)), document_header("k"));
  }
}

TEST(Keyspace, ADocumentsHeaderLiesBetweenTheHandledMarksAndTheTasks) {
  EXPECT_LT(document_group("k", "h/ffffffff"), document_header("k"));
  EXPECT_LT(document_header("k"), document_group("k", "n"));
  EXPECT_LT(document_header("k"), document_group("k", "t/0"));
}

TEST(Keyspace, AMarksRowLiesBeforeTheHeaderInTheOrderOfDotsAndIsNoGroup) {
  const crdt::Dot dot{crdt::ReplicaId{0x2f002f}, 0x2f};
  EXPECT_LT(document_begin("k"), document_mark("k", {crdt::ReplicaId{1}, 1}));
  EXPECT_LT(document_mark("k", {dot.replica, 255}), document_mark("k", {dot.replica, 256}));
  EXPECT_LT(document_mark("k", {crdt::ReplicaId{~std::uint64_t{0}}, 1}), document_header("k"));
  EXPECT_TRUE(is_mark(document_mark("k", dot)));
  EXPECT_FALSE(is_mark(document_header("k")));
  for (const std::string path : {"h//", "h//x", "h/ffffffff", "n"}) {
    EXPECT_FALSE(is_mark(document_group("k", crdt::group_of(path)))) << path;
  }
}

TEST(Keyspace, LogRowsSortAsTheirNumbersDo) {
  for (const std::uint64_t seq : {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{65'535}}) {
    EXPECT_LT(log(seq), log(seq + 1));
  }
  EXPECT_LT(log(~std::uint64_t{0}), log_end());
}

TEST(Keyspace, KindsOfRowsLieApart) {
  EXPECT_LT(cursor("\xff\xff"), cursors_end());
  EXPECT_LE(cursors_end(), document_begin("a"));
  EXPECT_LT(document_end(std::string(200, '\xff')), documents_end());
  EXPECT_LE(documents_end(), log(0));
  EXPECT_LE(log_end(), record("a"));
  EXPECT_LT(record("\xff"), runs());
}

TEST(Keyspace, DocumentKeysAreBoundedAndHoldNoZero) {
  EXPECT_TRUE(valid_document_key(std::string(kDocumentKeyBytesMax, 'k')));
  EXPECT_FALSE(valid_document_key(std::string(kDocumentKeyBytesMax + 1, 'k')));
  EXPECT_FALSE(valid_document_key(""));
  EXPECT_FALSE(valid_document_key(std::string("a\0b", 3)));
}

}  // namespace

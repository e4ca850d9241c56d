// Write concern and imports, asked of a running peer.
#include "node/replica_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crdt/edit.h"
#include "node/replica_export.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"
#include "tests/support/roster_entries.h"
#include "tests/support/store_view.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using tests::ReplicaCluster;
using namespace std::chrono_literals;

node::HttpRequest import_request(const std::string& query, const json& lines) {
  node::HttpRequest request = ReplicaCluster::get("/import" + query);
  request.method = "POST";
  request.authorization = tests::kOperator;
  request.body = json{{"lines", lines}}.dump();
  return request;
}

// What node 0 holds, as an export holds it.
json lines_of(ReplicaCluster& cluster, std::size_t node) {
  json lines = json::array();
  node::MemoryStore store = cluster.placed(node);
  crdt::Repository repository;
  repository.use(store.begin());
  EXPECT_TRUE(repository.open());
  EXPECT_TRUE(repository.scan_documents([&](const std::string& key, const crdt::Document& held) {
    lines.push_back(json::parse(node::to_line(key, held)));
  }));
  EXPECT_TRUE(repository.scan_records({}, [&](crdt::BytesView key, crdt::BytesView value) {
    lines.push_back(json::parse(node::to_line(crdt::Record{crdt::Bytes(key), crdt::Bytes(value)})));
    return true;
  }));
  store.abort();
  return lines;
}

struct WaitTest : testing::Test {
  WaitTest() : source(1, 9), cluster(3, 10) {
    source.type(0, "add disk full");
    lines = lines_of(source, 0);
    EXPECT_TRUE(cluster.settle());
  }

  json ask(const std::string& query) {
    const node::HttpReply reply = cluster.ask(0, import_request(query, lines));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body);
  }

  ReplicaCluster source;  // Another cluster, whose export is imported.
  ReplicaCluster cluster;
  json lines;
};

// Peers refuse it from each other; it would be stored here alone.
TEST_F(WaitTest, AForgedRosterEntryInAFileIsRefusedAndNothingIsImported) {
  const crdt::Record forged = to_record("test", tests::Membership().founder());
  lines.push_back(json::parse(node::to_line(forged)));
  const node::HttpReply reply = cluster.ask(0, import_request("", lines));
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("entry 4 of lines: a roster entry"));
  EXPECT_THAT(reply.body, HasSubstr("nothing was imported"));
  lines.erase(lines.size() - 1);
  EXPECT_EQ(ask("")["changed"], 3);
}

TEST_F(WaitTest, AllIsEveryPeerDurablyAndTheImportIsEverywhereByThen) {
  const json answer = ask("?wait=all&timeout=2s");
  EXPECT_EQ(answer["lines"], 3);
  EXPECT_EQ(answer["changed"], 3);
  EXPECT_EQ(answer["wait"]["satisfied"], true);
  EXPECT_EQ(answer["wait"]["durable_on"].size(), 3U);
  EXPECT_THAT(cluster.type(1, "list"), HasSubstr("disk full"));
  EXPECT_EQ(tests::view_of(cluster.store(2)), tests::view_of(cluster.store(0)));
  EXPECT_EQ(ask("?wait=all")["changed"], 0) << "an import is a join";
}

TEST_F(WaitTest, LocalAnswersAtOnceWhoeverIsAway) {
  cluster.cut(0, 1);
  cluster.cut(0, 2);
  const auto before = cluster.now().steady;
  EXPECT_EQ(ask("")["wait"]["satisfied"], true);
  EXPECT_EQ(cluster.now().steady, before);
}

TEST_F(WaitTest, ATimeoutNamesWhoHasItAndWhoHasNot) {
  cluster.cut(0, 2);
  cluster.cut(1, 2);
  const auto before = cluster.now().steady;
  const json answer = ask("?wait=all&timeout=500ms");
  EXPECT_GE(cluster.now().steady - before, 500ms);
  EXPECT_EQ(answer["wait"]["for"], "all");
  EXPECT_EQ(answer["wait"]["satisfied"], false);
  EXPECT_EQ(answer["wait"]["durable_on"].size(), 2U);
  EXPECT_EQ(answer["wait"]["not_on"].size(), 1U);
  EXPECT_EQ(ask("?wait=2")["wait"]["satisfied"], true);
}

TEST_F(WaitTest, WhatCannotBeWaitedForIsRefusedBeforeAnythingIsStored) {
  for (const char* query : {"?wait=4", "?wait=0", "?wait=most", "?wait=all&timeout=2h",
                            "?wait=all&timeout=61s", "?wait=all&timeout=99999999999999999999s"}) {
    const node::HttpReply reply = cluster.ask(0, import_request(query, lines));
    EXPECT_EQ(reply.status, 400) << query;
  }
  EXPECT_EQ(ask("")["changed"], 3);
}

TEST_F(WaitTest, OneBadLineAndNothingIsImported) {
  json bad = lines;
  bad.push_back({{"record", ""}, {"value", "v"}});
  const node::HttpReply reply = cluster.ask(0, import_request("", bad));
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("entry 4 of lines"));
  EXPECT_EQ(ask("")["changed"], 3);
}

TEST_F(WaitTest, AReaderMayNotImport) {
  node::HttpRequest request = import_request("", lines);
  request.authorization = tests::kReader;
  EXPECT_EQ(cluster.ask(0, request).status, 403);
}

}  // namespace

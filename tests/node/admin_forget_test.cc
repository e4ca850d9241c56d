// What is forgotten on request is gone at once where it was asked for, and wherever it is heard of.
#include "node/admin_forget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/keyspace.h"
#include "node/replica_export.h"
#include "node/replica_records.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::ReplicaCluster;
using namespace std::chrono_literals;

ReplicaCluster::Options quick_walks() {
  ReplicaCluster::Options options;
  options.retention.look_every = 10s;
  options.walk_after = 20s;
  options.compare_every = 1min;
  return options;
}

struct AdminForget : testing::Test {
  AdminForget() : cluster(3, 41, quick_walks()) { EXPECT_TRUE(cluster.settle()); }

  node::HttpReply post(std::size_t node, const std::string& target, const json& body,
                       const char* token = tests::kOperator) {
    node::HttpRequest request = ReplicaCluster::get(target);
    request.method = "POST";
    request.authorization = token;
    request.body = body.dump();
    request.uuid = {++uuid, 7};
    return cluster.ask(node, request);
  }

  node::HttpReply forget(const json& body, const std::string& query = "?wait=all&timeout=2s") {
    return post(0, "/forget" + query, body);
  }

  json status(std::size_t node) {
    return json::parse(cluster.ask(node, ReplicaCluster::get("/status")).body);
  }

  std::string all_of(std::size_t node) {
    std::string all;
    for (const auto& [key, value] : cluster.store(node).contents()) all.append(key).append(value);
    return all;
  }

  ReplicaCluster cluster;
  std::uint64_t uuid = 0;
};

TEST_F(AdminForget, AChannelIsGoneEverywhereDownToItsRowsAndOthersAreNot) {
  cluster.type(0, "add secret of one", "U1", "C1");
  cluster.type(1, "1 !red", "U2", "C1");
  cluster.type(1, "add of another", "U1", "C2");
  ASSERT_TRUE(cluster.settle());
  const auto reply = forget({{"channel", "T1/C1"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json said = json::parse(reply.body);
  EXPECT_EQ(said["channel"], "channel/T1/C1");
  EXPECT_EQ(said["tasks"], 1);
  EXPECT_EQ(said["wait"]["satisfied"], true);
  EXPECT_THAT(said["wait"]["durable_on"], ElementsAre("a", "b", "c"));
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_THAT(cluster.type(node, "list all", "U1", "C1"), Not(HasSubstr("secret")));
    EXPECT_THAT(cluster.type(node, "list all", "U1", "C2"), HasSubstr("of another"));
  }
  cluster.pass(2min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_THAT(all_of(node), Not(HasSubstr("secret")));
    EXPECT_EQ(status(node)["records"], 2);
    EXPECT_EQ(status(node)["retention"]["forgotten"], 1);
    EXPECT_EQ(status(node)["counters"]["compared_differed"], 0);
    EXPECT_EQ(status(node)["state_hash"], status(0)["state_hash"]);
  }
}

TEST_F(AdminForget, APeerThatIsAwayForgetsWhenItComesAndBringsNothingBack) {
  cluster.type(2, "add secret of one", "U1", "C1");
  ASSERT_TRUE(cluster.settle());
  for (const std::size_t other : {0, 1}) cluster.cut(2, other);
  cluster.type(2, "add secret of two", "U1", "C1");
  cluster.type(2, "1 !red", "U1", "C1");
  cluster.pass(5s);
  cluster.type(0, "add last word", "U1", "C1");
  const auto reply = forget({{"channel", "T1/C1"}}, "?wait=all&timeout=100ms");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(json::parse(reply.body)["wait"]["not_on"], ElementsAre("c"));
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  cluster.pass(2min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_THAT(cluster.type(node, "list all", "U1", "C1"), Not(HasSubstr("secret")));
    EXPECT_THAT(all_of(node), Not(HasSubstr("secret"))) << node;
    EXPECT_EQ(status(node)["state_hash"], status(0)["state_hash"]);
  }
}

TEST_F(AdminForget, WhatAPeerThatIsAwayMadeUntilThenGoesThoughNobodyElseHadIt) {
  cluster.type(0, "add secret of one", "U1", "C1");
  ASSERT_TRUE(cluster.settle());
  for (const std::size_t other : {0, 1}) cluster.cut(2, other);
  cluster.pass(5s);
  cluster.type(2, "add secret of two", "U1", "C1");
  cluster.type(2, "1 !red", "U1", "C1");
  cluster.pass(5s);
  cluster.type(0, "add of another", "U1", "C2");  // By its stamp node 0 knows what time it is.
  ASSERT_EQ(forget({{"channel", "T1/C1"}}, "?wait=local").status, 200);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  cluster.pass(2min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_THAT(cluster.type(node, "list all", "U1", "C1"), Not(HasSubstr("secret")));
    EXPECT_THAT(all_of(node), Not(HasSubstr("secret"))) << node;
    EXPECT_THAT(cluster.type(node, "list all", "U1", "C2"), HasSubstr("of another"));
  }
}

TEST_F(AdminForget, WhoeverDidNotReachAllPeersAsksAgain) {
  cluster.type(0, "add secret of one", "U1", "C1");
  ASSERT_TRUE(cluster.settle());
  for (const std::size_t other : {0, 1}) cluster.cut(2, other);
  cluster.pass(5s);
  const auto first = forget({{"channel", "T1/C1"}}, "?wait=all&timeout=100ms");
  EXPECT_EQ(json::parse(first.body)["wait"]["satisfied"], false);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  const auto again = forget({{"channel", "T1/C1"}});
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(json::parse(again.body)["wait"]["satisfied"], true);
  EXPECT_EQ(json::parse(again.body)["before"], json::parse(first.body)["before"]);
  EXPECT_EQ(forget({{"channel", "T1/C9"}}).status, 404);
}

TEST_F(AdminForget, TheChannelIsUsedOnAsIfItWereNewButForItsNumbers) {
  cluster.type(0, "add one");
  ASSERT_EQ(forget({{"channel", "T1/C1"}}).status, 200);
  cluster.pass(2s);
  EXPECT_THAT(cluster.type(1, "add two"), HasSubstr("two"));
  ASSERT_TRUE(cluster.settle());
  cluster.pass(1min);
  EXPECT_THAT(cluster.type(2, "list"), HasSubstr("#2"));
  EXPECT_EQ(status(2)["records"], 2);
}

TEST_F(AdminForget, AnImportOfWhatWasHeldBeforeBringsNothingBack) {
  cluster.type(0, "add secret of one");
  ASSERT_TRUE(cluster.settle());
  json lines = json::array();
  {
    node::MemoryStore store = cluster.placed(0);
    crdt::Repository repository;
    repository.use(store.begin());
    ASSERT_TRUE(repository.open());
    ASSERT_TRUE(repository.scan_documents([&](const std::string& key, const crdt::Document& held) {
      lines.push_back(json::parse(node::to_line(key, held)));
    }));
    ASSERT_TRUE(repository.scan_records({}, [&](crdt::BytesView key, crdt::BytesView value) {
      const crdt::Record record{crdt::Bytes(key), crdt::Bytes(value)};
      lines.push_back(json::parse(node::to_line(record)));
      return true;
    }));
    store.abort();
  }
  ASSERT_EQ(forget({{"channel", "T1/C1"}}).status, 200);
  const auto imported = post(1, "/import", {{"lines", lines}});
  ASSERT_EQ(imported.status, 200) << imported.body;
  EXPECT_EQ(json::parse(imported.body)["changed"], 0);
  EXPECT_THAT(cluster.type(1, "list all"), Not(HasSubstr("secret")));
}

TEST_F(AdminForget, WhatIsOlderThanADayGoesFromAllChannelsAndTasksStay) {
  cluster.type(0, "add one", "U1", "C1");
  cluster.pass(1s);
  const auto second =
      std::chrono::floor<std::chrono::seconds>(cluster.now().wall.time_since_epoch()).count();
  for (std::size_t node = 0; node < 3; ++node) cluster.set_ahead(node, 48h);
  // What Slack stamped lately says what time it is; later, the peers' own clocks do.
  EXPECT_EQ(forget({{"before", second}}).status, 400);
  cluster.pass(11min);
  const auto reply = forget({{"before", second}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  for (std::size_t node = 0; node < 3; ++node) {
    cluster.set_ahead(node, 0s);
    EXPECT_THAT(cluster.type(node, "list", "U1", "C1"), HasSubstr("one"));
  }
  cluster.pass(1min);
  EXPECT_EQ(status(1)["records"], 0);
  EXPECT_EQ(forget({{"before", second}}).status, 409);
}

TEST_F(AdminForget, WhatCannotBeMeantIsRefusedAndChangesNothing) {
  cluster.type(0, "add one");
  const json before = status(0)["state_hash"];
  for (const json& body :
       {json::object(), json{{"before", 1}, {"channel", "T1/C1"}}, json{{"before", "2026"}},
        json{{"before", -1}}, json{{"before", 1ull << 50}}, json{{"channel", "C1"}},
        json{{"channel", "T1/"}}, json{{"channel", "T1/C 1"}}, json{{"channel", 7}},
        json{{"channel", std::string(300, 'T') + "/C1"}}}) {
    EXPECT_EQ(forget(body).status, 400) << body;
  }
  const auto young =
      std::chrono::floor<std::chrono::seconds>(cluster.now().wall.time_since_epoch()).count();
  EXPECT_THAT(forget({{"before", young}}).body, HasSubstr("the last 25 hours are kept"));
  EXPECT_EQ(forget({{"channel", "T1/C9"}}).status, 404);
  EXPECT_EQ(forget({{"channel", "T1/C1"}}, "?wait=9").status, 400);
  EXPECT_EQ(post(0, "/forget", {{"channel", "T1/C1"}}, tests::kReader).status, 403);
  EXPECT_EQ(status(0)["state_hash"], before);
}

}  // namespace

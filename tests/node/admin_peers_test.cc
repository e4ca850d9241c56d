#include "node/admin_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using tests::ReplicaCluster;

node::HttpReply ask(ReplicaCluster& cluster, const std::string& method, const std::string& target,
                    const std::string& body = "") {
  node::HttpRequest request = ReplicaCluster::get(target);
  request.method = method;
  request.body = body;
  request.authorization = tests::kOperator;
  return cluster.ask(0, request);
}

// Joining, draining and removing are in tests/cluster/roster_test.cc, with an operator.
TEST(AdminPeers, ListsThePeersOfAFixedClusterAsConfigured) {
  ReplicaCluster cluster(3, 1);
  ASSERT_TRUE(cluster.settle());
  const json roster = json::parse(ask(cluster, "GET", "/peers").body);
  EXPECT_EQ(roster["operators"].size(), 0U);
  ASSERT_EQ(roster["peers"].size(), 3U);
  EXPECT_EQ(roster["peers"][0]["name"], "a");
  EXPECT_EQ(roster["peers"][0]["self"], true);
  for (const json& peer : roster["peers"]) EXPECT_EQ(peer["state"], "configured");
  EXPECT_EQ(roster["peers"][1]["link"], "linked");
}

TEST(AdminPeers, AClusterWithoutAnOperatorTakesNoEntryAndInvitesNobody) {
  ReplicaCluster cluster(1, 1);
  for (const char* target : {"/peers/entries", "/peers/invite"}) {
    const node::HttpReply refused = ask(cluster, "POST", target, "{}");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("has no operator"));
  }
}

}  // namespace

#include "node/admin_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using tests::ReplicaCluster;

class AdminConfig : public testing::Test {
 protected:
  AdminConfig() { cluster.settle(); }

  node::HttpReply get(std::size_t peer, const std::string& key) {
    return cluster.ask(peer, ReplicaCluster::get("/config/" + key, node::Listener::kAdmin));
  }

  node::HttpReply put(std::size_t peer, const std::string& key, const json& body,
                      const char* authorization = tests::kOperator) {
    node::HttpRequest request = ReplicaCluster::get("/config/" + key, node::Listener::kAdmin);
    request.method = "PUT";
    request.authorization = authorization;
    request.body = body.dump();
    request.uuid = {++uuid_, 1};
    return cluster.ask(peer, request);
  }

  ReplicaCluster cluster{2, 1};

 private:
  std::uint64_t uuid_ = 0;
};

TEST_F(AdminConfig, WhatIsSetOnOnePeerIsReadOnAnother) {
  EXPECT_EQ(get(0, "colour").status, 404);
  const auto set = put(0, "colour", {{"value", {{"sky", "blue"}}}});
  ASSERT_EQ(set.status, 200) << set.body;
  ASSERT_TRUE(cluster.settle());
  const json read = json::parse(get(1, "colour").body);
  EXPECT_EQ(read["value"]["sky"], "blue");
  EXPECT_EQ(read["set_by"], "operator");
  EXPECT_EQ(read["version"], json::parse(set.body)["version"]);
}

TEST_F(AdminConfig, AStaleVersionChangesNothing) {
  const json first = json::parse(put(0, "k", {{"value", 1}, {"if_version", ""}}).body);
  EXPECT_EQ(put(0, "k", {{"value", 2}, {"if_version", first["version"]}}).status, 200);
  const auto stale = put(0, "k", {{"value", 3}, {"if_version", first["version"]}});
  EXPECT_EQ(stale.status, 409);
  EXPECT_THAT(stale.body, HasSubstr("nothing was changed"));
  EXPECT_EQ(put(0, "k", {{"value", 3}, {"if_version", ""}}).status, 409);
  EXPECT_EQ(json::parse(get(0, "k").body)["value"], 2);
}

TEST_F(AdminConfig, AReaderSetsNothingAndBadInputIsRefused) {
  EXPECT_EQ(put(0, "k", {{"value", 1}}, tests::kReader).status, 403);
  EXPECT_EQ(put(0, "k", {{"valu", 1}}).status, 400);
  EXPECT_EQ(put(0, "k", {{"value", 1}, {"if_version", 1}}).status, 400);
  EXPECT_EQ(put(0, "k", {{"value", std::string(20'000, 'x')}}).status, 400);
  EXPECT_EQ(put(0, "k%20k", {{"value", 1}}).status, 400);
  EXPECT_EQ(put(0, std::string(node::kConfigKeyBytesMax + 1, 'k'), {{"value", 1}}).status, 400);
  EXPECT_EQ(get(0, "k").status, 404);
}

}  // namespace

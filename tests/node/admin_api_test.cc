#include "node/admin_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using tests::ReplicaCluster;

class AdminApi : public testing::Test {
 protected:
  node::HttpReply ask(const std::string& target, const char* authorization = tests::kOperator) {
    node::HttpRequest request = ReplicaCluster::get(target);
    request.authorization = authorization;
    return cluster.ask(0, request);
  }

  // The sentence of a refusal.
  std::string refusal(const node::HttpReply& reply, int status) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(reply.content_type, node::kJson);
    const json body = json::parse(reply.body, nullptr, false);
    return body.is_object() ? body.value("error", "") : "";
  }

  ReplicaCluster cluster{1, 1};
};

TEST_F(AdminApi, WithoutAKnownTokenNothingIsSaidNotEvenWhatThereIs) {
  for (const char* target : {"/", "/status", "/metrics", "/no-such-thing"}) {
    EXPECT_THAT(refusal(ask(target, ""), 401), HasSubstr("Authorization: Bearer"));
    EXPECT_THAT(refusal(ask(target, "Bearer guessed"), 401), HasSubstr("does not know this token"));
  }
  EXPECT_THAT(ask("/status").body, HasSubstr("\"admin_refused\":8"));
  EXPECT_THAT(cluster.notices(0), Contains(HasSubstr("no known token")));
}

TEST_F(AdminApi, HealthNeedsNoToken) {
  EXPECT_EQ(ask("/healthz", "").status, 200);
  EXPECT_EQ(ask("/readyz", "").status, 200);
}

TEST_F(AdminApi, AReaderMayLook) {
  EXPECT_EQ(ask("/status", tests::kReader).status, 200);
  EXPECT_EQ(ask("/metrics", tests::kReader).status, 200);
}

TEST_F(AdminApi, ListsWhatThereIs) {
  const json routes = json::parse(ask("/").body)["routes"];
  EXPECT_EQ(routes.size(), node::admin_routes().size());
  for (const json& route : routes) {
    EXPECT_NE(route["what"], "") << route;
    EXPECT_NE(route["role"], "nobody") << route;
  }
}

TEST_F(AdminApi, AnUnknownAddressAndAWrongMethodSayWhatToDo) {
  EXPECT_THAT(refusal(ask("/nowhere"), 404), HasSubstr("GET /"));
  EXPECT_THAT(refusal(ask("/status/x"), 404), HasSubstr("GET /"));
  node::HttpRequest post = ReplicaCluster::get("/status");
  post.method = "POST";
  EXPECT_THAT(refusal(cluster.ask(0, post), 405), HasSubstr("GET only"));
}

TEST_F(AdminApi, WhatCannotBeReadIsRefused) {
  EXPECT_THAT(refusal(ask("/status?a=%zz"), 400), HasSubstr("%XX"));
  for (const char* body : {"{", "[]", "1", "{} {}", "\"\xff\""}) {
    node::HttpRequest request = ReplicaCluster::get("/status");
    request.body = body;
    EXPECT_THAT(refusal(cluster.ask(0, request), 400), HasSubstr("one JSON object")) << body;
  }
}

TEST_F(AdminApi, SlacksPortShowsNothingOfIt) {
  for (const char* target : {"/", "/status", "/metrics"}) {
    node::HttpRequest request = ReplicaCluster::get(target, node::Listener::kPublic);
    EXPECT_EQ(cluster.ask(0, request).status, 404);
  }
}

}  // namespace

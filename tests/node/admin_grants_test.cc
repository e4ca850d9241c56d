// Tokens that are granted at one peer open all of them, until they are revoked: then for ever.
#include "node/admin_grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/bytes.h"
#include "crdt/edit.h"
#include "crdt/repository.h"
#include "gossip/noise_keys.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using tests::ReplicaCluster;
using namespace std::chrono_literals;

constexpr const char* kAlice = "alice.8899";

std::string bearer(const std::string& token) { return "Bearer " + token; }

std::string hash_of(const std::string& token) {
  return crdt::to_hex(gossip::view_of(node::hash_token(token)));
}

json granted(const std::string& name, const std::string& role, const std::string& token) {
  return {{"name", name}, {"role", role}, {"hash", hash_of(token)}};
}

struct AdminGrants : testing::Test {
  AdminGrants() { EXPECT_TRUE(cluster.settle()); }

  node::HttpReply post(std::size_t peer, const std::string& target, const json& body,
                       const std::string& authorization = tests::kOperator) {
    node::HttpRequest request = ReplicaCluster::get(target);
    request.method = "POST";
    request.authorization = authorization;
    request.body = body.dump();
    request.uuid = {++uuid_, 9};
    return cluster.ask(peer, request);
  }

  int look(std::size_t peer, const std::string& token) {
    node::HttpRequest request = ReplicaCluster::get("/status");
    request.authorization = bearer(token);
    return cluster.ask(peer, request).status;
  }

  std::string state_of(std::size_t peer, const std::string& name) {
    const json told = json::parse(cluster.ask(peer, ReplicaCluster::get("/admins")).body);
    for (const json& row : told["admins"]) {
      if (row["name"] == name) return row["state"];
    }
    return "nobody";
  }

  void isolate(std::size_t peer) {
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != peer) cluster.cut(peer, other);
    }
  }

  ReplicaCluster cluster{3, 51};

 private:
  std::uint64_t uuid_ = 0;
};

TEST_F(AdminGrants, ATokenThatIsGrantedAtOnePeerOpensAllOfThemAsFarAsItsRoleGoes) {
  const auto reply = post(0, "/admins/grant?wait=all", granted("alice", "reader", kAlice));
  ASSERT_EQ(reply.status, 200) << reply.body;
  ASSERT_TRUE(cluster.settle());
  for (std::size_t peer = 0; peer < 3; ++peer) {
    EXPECT_EQ(look(peer, kAlice), 200);
    EXPECT_EQ(look(peer, "alice.8898"), 401);
    EXPECT_EQ(look(peer, "alicia.8899"), 401);
    EXPECT_EQ(look(peer, "alice"), 401);
  }
  EXPECT_THAT(post(1, "/admins/revoke", {{"name", "alice"}}, bearer(kAlice)).body,
              HasSubstr("may only read"));
  EXPECT_EQ(post(1, "/admins/grant", granted("bob", "operator", "bob.1")).status, 200);
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(post(2, "/admins/revoke", {{"name", "alice"}}, bearer("bob.1")).status, 200);
  ASSERT_TRUE(cluster.settle());
  for (std::size_t peer = 0; peer < 3; ++peer) EXPECT_EQ(look(peer, kAlice), 401);
  EXPECT_EQ(state_of(0, "alice"), "revoked");
  EXPECT_EQ(state_of(0, "bob"), "granted");
}

TEST_F(AdminGrants, NoStoreTellsAToken) {
  ASSERT_EQ(post(0, "/admins/grant", granted("alice", "operator", kAlice)).status, 200);
  ASSERT_TRUE(cluster.settle());
  for (std::size_t peer = 0; peer < 3; ++peer) {
    std::string all;
    for (const auto& [key, value] : cluster.store(peer).contents()) all.append(key).append(value);
    EXPECT_THAT(all, HasSubstr("alice"));
    EXPECT_THAT(all, Not(HasSubstr(kAlice)));
  }
}

// The price of having no leader: whoever has not heard of it lets the token in.
TEST_F(AdminGrants, WhatWasRevokedIsNotRevivedByAPeerThatWasAwayAndGrantedItAnew) {
  isolate(2);
  ASSERT_EQ(post(0, "/admins/grant", granted("alice", "operator", kAlice)).status, 200);
  ASSERT_EQ(post(0, "/admins/revoke", {{"name", "alice"}}).status, 200);
  ASSERT_EQ(post(2, "/admins/grant", granted("alice", "operator", "alice.other")).status, 200);
  EXPECT_EQ(look(2, "alice.other"), 200);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  for (std::size_t peer = 0; peer < 3; ++peer) {
    EXPECT_EQ(look(peer, kAlice), 401);
    EXPECT_EQ(look(peer, "alice.other"), 401);
    EXPECT_EQ(state_of(peer, "alice"), "revoked");
  }
  EXPECT_THAT(post(1, "/admins/grant", granted("alice", "reader", "alice.3")).body,
              HasSubstr("alice was revoked, for ever"));
}

TEST_F(AdminGrants, APeerThatMissedTheRevocationRefusesTheTokenOnceItHears) {
  ASSERT_EQ(post(0, "/admins/grant", granted("alice", "operator", kAlice)).status, 200);
  ASSERT_TRUE(cluster.settle());
  cluster.crash(2);
  ASSERT_EQ(post(0, "/admins/revoke", {{"name", "alice"}}).status, 200);
  cluster.start(2);
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(look(2, kAlice), 401);
  cluster.crash(2);
  cluster.start(2);
  EXPECT_EQ(look(2, kAlice), 401) << "it is in its store";
}

TEST_F(AdminGrants, ARevocationMayBeSaidAgainToWaitForThoseThatWereAway) {
  ASSERT_EQ(post(0, "/admins/grant", granted("alice", "operator", kAlice)).status, 200);
  ASSERT_TRUE(cluster.settle());
  isolate(2);
  const auto revoke = [&] {
    const std::string target = "/admins/revoke?wait=all&timeout=100ms";
    return json::parse(post(0, target, {{"name", "alice"}}).body);
  };
  EXPECT_EQ(revoke()["wait"]["satisfied"], false);
  EXPECT_EQ(look(2, kAlice), 200);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(revoke()["wait"]["satisfied"], true);
  EXPECT_EQ(revoke()["was"], "revoked");
}

TEST_F(AdminGrants, WhatIsNoGrantIsRefusedWithASentence) {
  const auto refusal = [&](const json& body, int status) {
    const auto reply = post(0, "/admins/grant", body);
    EXPECT_EQ(reply.status, status) << body;
    return reply.body;
  };
  EXPECT_THAT(refusal(granted("", "reader", "x"), 400), HasSubstr("a name has"));
  EXPECT_THAT(refusal(granted("a b", "reader", "x"), 400), HasSubstr("a name has"));
  EXPECT_THAT(refusal(granted("operator", "reader", "x"), 400), HasSubstr("that of a role"));
  EXPECT_THAT(refusal(granted("alice", "root", "x"), 400), HasSubstr("\\\"operator\\\""));
  EXPECT_THAT(refusal({{"name", "alice"}, {"role", "reader"}, {"hash", "12"}}, 400),
              HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(refusal(json::object(), 400), HasSubstr("a name has"));
  EXPECT_EQ(post(0, "/admins/grant", granted("alice", "reader", "x")).status, 200);
  EXPECT_THAT(refusal(granted("alice", "reader", "y"), 409), HasSubstr("has a token already"));
  const auto unknown = post(0, "/admins/revoke", {{"name", "bob"}});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("muster admins list"));
}

TEST_F(AdminGrants, ACrowdOfNamesEndsWithASentence) {
  for (std::size_t i = 0; i < node::kGrantsMax; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_EQ(post(0, "/admins/grant", granted(name, "reader", name + ".1")).status, 200);
  }
  const auto reply = post(0, "/admins/grant", granted("alice", "reader", kAlice));
  EXPECT_EQ(reply.status, 409);
  EXPECT_THAT(reply.body, HasSubstr("at most 1000 names"));
}

// It made every peer that was asked for the list read a leaf that was not there.
TEST_F(AdminGrants, LeavesThatNobodyIsGrantedByAreNobodysToken) {
  ASSERT_EQ(post(0, "/admins/grant?wait=all", granted("alice", "reader", kAlice)).status, 200);
  ASSERT_TRUE(cluster.settle());
  cluster.crash(2);
  crdt::Repository repository;
  repository.use(cluster.store(2).begin());
  ASSERT_TRUE(repository.open());
  repository.begin_run({99});
  const std::string key(node::kGrantsKey);
  const auto document = repository.document(key);
  ASSERT_TRUE(document);
  crdt::Edit edit(**document, {99}, {{1, 1}, "U1"}, {1});
  for (const char* path : {"token/x/y", "token/%61lice", "token/", "token/%"}) {
    edit.write(path, "operator " + hash_of("x.1"));
  }
  ASSERT_TRUE(repository.apply({{{key, edit.finish()}}, {}}));
  ASSERT_TRUE(cluster.store(2).commit());
  cluster.start(2);
  ASSERT_TRUE(cluster.settle());
  for (std::size_t peer = 0; peer < 3; ++peer) {
    const auto reply = cluster.ask(peer, ReplicaCluster::get("/admins"));
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(json::parse(reply.body)["admins"].size(), 1U) << reply.body;
    EXPECT_EQ(look(peer, "x.1"), 401);
    EXPECT_EQ(look(peer, kAlice), 200);
  }
}

}  // namespace

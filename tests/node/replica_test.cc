// Some whole nodes without their I/O: what people were promised.
#include "node/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/keyspace.h"
#include "slack/signature.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"
#include "tests/support/store_view.h"

namespace {

using node::CommitFailure;
using node::ExchangeId;
using node::HttpReply;
using node::HttpRequest;
using node::Listener;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::ReplicaCluster;
using tests::SignedCommand;
using namespace std::chrono_literals;

std::vector<std::string> board(ReplicaCluster& cluster, std::size_t node) {
  return tests::view_of(cluster.store(node)).board;
}

void expect_equal_everywhere(ReplicaCluster& cluster) {
  const tests::StoreView first = tests::view_of(cluster.store(0));
  for (std::size_t i = 1; i < cluster.size(); ++i) {
    EXPECT_EQ(tests::view_of(cluster.store(i)), first) << "node " << i;
  }
}

void isolate(ReplicaCluster& cluster, std::size_t node) {
  for (std::size_t other = 0; other < cluster.size(); ++other) {
    if (other != node) cluster.cut(node, other);
  }
  cluster.pump();
}

struct ThreeReplicas : testing::Test {
  ThreeReplicas() : cluster(3, 1) { EXPECT_TRUE(cluster.settle()); }
  ReplicaCluster cluster;
};

// --- one command, everywhere ---

TEST_F(ThreeReplicas, ACommandIsListedByTheOthersAsSoonAsItIsAnswered) {
  const auto sent = cluster.now().steady;
  EXPECT_THAT(cluster.type(0, "add disk full"), HasSubstr("disk full"));
  EXPECT_EQ(cluster.now().steady, sent) << "the reply waited for time instead of for the others";
  EXPECT_THAT(cluster.type(1, "list"), HasSubstr("disk full"));
  EXPECT_THAT(cluster.type(2, "list"), HasSubstr("disk full"));
}

TEST_F(ThreeReplicas, AReplyIsHeldUntilTheLinkedPeersHaveTheChangeDurably) {
  const ExchangeId exchange = cluster.submit(0, cluster.request(cluster.command("add disk full")));
  EXPECT_TRUE(cluster.run_batch(0));
  EXPECT_EQ(cluster.reply(0, exchange), nullptr);
  cluster.pump();
  EXPECT_NE(cluster.reply(0, exchange), nullptr);
}

TEST_F(ThreeReplicas, AReplyIsHeldNoLongerThan25Milliseconds) {
  cluster.stall(true);
  const ExchangeId exchange = cluster.submit(0, cluster.request(cluster.command("add disk full")));
  cluster.pass(24ms);
  EXPECT_EQ(cluster.reply(0, exchange), nullptr);
  cluster.pass(1ms);
  EXPECT_NE(cluster.reply(0, exchange), nullptr);
}

TEST_F(ThreeReplicas, AReplyDoesNotWaitForAPeerWhoseLinkBreaks) {
  cluster.stall(true);
  const ExchangeId exchange = cluster.submit(0, cluster.request(cluster.command("add disk full")));
  cluster.pump();
  isolate(cluster, 0);
  EXPECT_NE(cluster.reply(0, exchange), nullptr);
}

TEST(Replica, WithoutAHoldReplyItAnswersAtOnceAndNeverCountsThatAsLate) {
  ReplicaCluster cluster(1, 2, {.late_commits = false, .reply_hold_max = 0ms});
  const ExchangeId exchange = cluster.submit(0, cluster.request(cluster.command("add disk full")));
  EXPECT_TRUE(cluster.run_batch(0));
  EXPECT_NE(cluster.reply(0, exchange), nullptr);
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/status")).body,
              HasSubstr(R"("replies_before_every_peer_had_the_change":0)"));
}

TEST_F(ThreeReplicas, WhatWasCommittedButNotYetSaidIsThereAfterACrashAndTheRetryIsAnswered) {
  const SignedCommand command = cluster.command("add disk full");
  cluster.crash_before_effects(0);
  const ExchangeId exchange = cluster.submit(0, cluster.request(command));
  cluster.pump();
  EXPECT_EQ(cluster.reply(0, exchange), nullptr);
  cluster.start(0);
  EXPECT_THAT(cluster.ask(0, command), HasSubstr("disk full"));
  ASSERT_TRUE(cluster.settle());
  EXPECT_THAT(board(cluster, 2), ElementsAre(HasSubstr("disk full")));
  expect_equal_everywhere(cluster);
}

TEST_F(ThreeReplicas, NothingOfAFailedCommitIsHeardAnywhere) {
  cluster.store(0).fail_next_commit(CommitFailure::kIo);
  EXPECT_THAT(cluster.type(0, "add lost"), HasSubstr("nothing was changed"));
  ASSERT_TRUE(cluster.settle());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(board(cluster, i), IsEmpty());
}

// --- retries ---

TEST_F(ThreeReplicas, ARetryOnAnotherPeerGetsTheStoredAnswerByteForByte) {
  const SignedCommand command = cluster.command("add disk full on db-3 <@U5> !red");
  const std::string answer = cluster.ask(0, command);
  cluster.type(1, "1 !green", "U2");
  const auto before = tests::view_of(cluster.store(2));
  EXPECT_EQ(cluster.ask(2, command), answer);
  EXPECT_EQ(cluster.ask(1, command), answer);
  EXPECT_EQ(cluster.ask(0, command), answer);
  EXPECT_EQ(tests::view_of(cluster.store(2)), before);
}

TEST_F(ThreeReplicas, OneSignedRequestSentToAllThreeAtOnceIsOneTask) {
  const SignedCommand command = cluster.command("add disk full");
  for (std::size_t i = 0; i < 3; ++i) cluster.submit(i, cluster.request(command));
  ASSERT_TRUE(cluster.settle());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(board(cluster, i).size(), 1u);
  expect_equal_everywhere(cluster);
  cluster.type(1, "1 !done");
  EXPECT_THAT(board(cluster, 0), ElementsAre(HasSubstr("done disk full")));
}

// A verb, and how somebody else changes the same field later.
struct Retry {
  std::string verb;
  std::string later;
  std::string left;
};

const std::vector<Retry> kRetries{
    {"1 !red", "1 !green", "green one [U8]"},     {"1: two", "1: three", "assigned three [U8]"},
    {"1 <@U5>", "1 -<@U5>", "assigned one [U8]"}, {"1 -<@U8>", "1 <@U8>", "assigned one [U8]"},
    {"done 1", "reopen 1", "assigned one [U8]"},  {"cancel 1", "1 !yellow", "yellow one [U8]"},
    {"take 1", "1 -<@U1>", "assigned one [U8]"},  {"close 1", "1 !red", "red one [U8]"},
    {"add more", "2: less", "assigned one [U8]"},
};

TEST(Replica, EveryVerbRetriedAMinuteLaterOnAnotherPeerHasOneEffectAndTheLaterChangeStands) {
  for (const Retry& retry : kRetries) {
    ReplicaCluster cluster(3, 3);
    ASSERT_TRUE(cluster.settle());
    cluster.type(0, "add one <@U8>", "U9");
    cluster.pass(10s);
    const SignedCommand command = cluster.command(retry.verb);
    const std::string answer = cluster.ask(0, command);
    cluster.pass(30s);
    cluster.type(2, retry.later, "U2");
    const std::vector<std::string> before = board(cluster, 1);
    EXPECT_THAT(before.front(), HasSubstr(retry.left)) << retry.verb;
    cluster.pass(30s);
    EXPECT_EQ(cluster.ask(1, command), answer) << retry.verb;
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(board(cluster, 1), before) << retry.verb;
    expect_equal_everywhere(cluster);
  }
}

TEST(Replica, EveryVerbRetriedAcrossACutHasOneEffectAndTheLaterChangeStands) {
  for (const Retry& retry : kRetries) {
    ReplicaCluster cluster(3, 4);
    ASSERT_TRUE(cluster.settle());
    cluster.type(0, "add one <@U8>", "U9");
    cluster.pass(10s);
    isolate(cluster, 1);
    const SignedCommand command = cluster.command(retry.verb);
    cluster.ask(0, command);
    cluster.pass(30s);
    cluster.type(2, retry.later, "U2");
    const std::size_t tasks = board(cluster, 2).size();
    cluster.pass(30s);
    cluster.ask(1, command);  // It has seen neither: it acts as if this were the first time.
    cluster.heal();
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(board(cluster, 0).size(), tasks) << retry.verb;
    EXPECT_THAT(board(cluster, 0).front(), HasSubstr(retry.left)) << retry.verb;
    EXPECT_THAT(board(cluster, 0), Not(Contains(HasSubstr(" more [")))) << retry.verb;
    expect_equal_everywhere(cluster);
    const std::string listed = cluster.type(0, "list all", "U3");
    EXPECT_EQ(cluster.type(1, "list all", "U3"), listed);
    EXPECT_EQ(cluster.type(2, "list all", "U3"), listed);
  }
}

// --- splits ---

TEST_F(ThreeReplicas, ConflictingEditsOnBothSidesOfACutAreOneValueEverywhereAndBothAreShown) {
  cluster.type(0, "add one");
  isolate(cluster, 0);
  cluster.type(0, "1 !red", "U5");
  cluster.type(1, "1 !done", "U6");
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  const std::string listed = cluster.type(0, "list all");
  EXPECT_THAT(listed, AllOf(HasSubstr("2 values"), HasSubstr("!red"), HasSubstr("!done")));
  EXPECT_THAT(listed, AllOf(HasSubstr("U5"), HasSubstr("U6")));
  for (std::size_t i = 1; i < 3; ++i) EXPECT_EQ(cluster.type(i, "list all"), listed);
  EXPECT_THAT(cluster.ask(2, ReplicaCluster::get("/status")).body, HasSubstr("\"conflicts\":1"));

  cluster.type(2, "1 !green");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(board(cluster, i), ElementsAre("1 green one []"));
  }
  expect_equal_everywhere(cluster);
}

TEST_F(ThreeReplicas, OneNumberMintedOnTwoSidesOfACutIsShownWithLettersAndAsksWhichOne) {
  isolate(cluster, 0);
  cluster.type(0, "add left");
  cluster.type(1, "add right");
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(board(cluster, i),
                ElementsAre(HasSubstr("1a assigned left"), HasSubstr("1b assigned right")));
    EXPECT_THAT(cluster.type(i, "1 !done"), AllOf(HasSubstr("1a"), HasSubstr("1b")));
  }
  cluster.type(2, "1b !done");
  EXPECT_THAT(board(cluster, 0),
              ElementsAre(HasSubstr("1a assigned left"), HasSubstr("1b done right")));
  expect_equal_everywhere(cluster);
}

// --- starting ---

TEST_F(ThreeReplicas, ANodeThatStartsIsReadyOnceItKnowsWhatHappenedMeanwhile) {
  cluster.crash(2);
  cluster.type(0, "add while it was away");
  cluster.start(2);
  EXPECT_EQ(cluster.ask(2, ReplicaCluster::get("/readyz")).body, "starting\n");
  EXPECT_EQ(cluster.ask(2, ReplicaCluster::get("/healthz")).status, 200);
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(cluster.ask(2, ReplicaCluster::get("/readyz")).status, 200);
  EXPECT_THAT(cluster.type(2, "list"), HasSubstr("while it was away"));
}

TEST_F(ThreeReplicas, APeerThatIsAwayHoldsUpAStartOnlyForTwoSeconds) {
  cluster.crash(1);
  cluster.crash(2);
  cluster.start(2);
  cluster.pass(1900ms);
  EXPECT_EQ(cluster.ask(2, ReplicaCluster::get("/readyz")).body, "starting\n");
  cluster.pass(200ms);
  EXPECT_EQ(cluster.ask(2, ReplicaCluster::get("/readyz")).status, 200);
}

// --- damage ---

TEST_F(ThreeReplicas, ADamagedChannelIsNeverAnsweredWronglyAndIsHealedFromThePeers) {
  cluster.type(0, "add kept");
  ASSERT_TRUE(cluster.settle());
  cluster.crash(0);
  crdt::Transaction& txn = cluster.store(0).begin();
  txn.put(crdt::keyspace::document_header("channel/T1/C1"), "damaged");
  ASSERT_TRUE(cluster.store(0).commit());
  cluster.start(0);
  EXPECT_THAT(cluster.type(0, "list"), HasSubstr("damaged"));
  EXPECT_THAT(cluster.type(0, "add lost"), HasSubstr("nothing was changed"));
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz")).status, 503);
  EXPECT_THAT(cluster.type(0, "add elsewhere", "U1", "C2"), HasSubstr("elsewhere"));
  EXPECT_THAT(cluster.type(1, "list"), HasSubstr("kept"));
  cluster.pass(7s);  // A run that may have minted in it has ended by then.
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz")).status, 200);
  EXPECT_THAT(cluster.type(0, "list"), HasSubstr("kept"));
  EXPECT_THAT(cluster.type(0, "add since"), HasSubstr("since"));
  ASSERT_TRUE(cluster.settle());
  cluster.pass(2s);
  expect_equal_everywhere(cluster);
}

// A page of the store itself cannot be read, and nobody knows of what.
TEST_F(ThreeReplicas, WhatAStoreThatCannotBeReadSeemsToHoldIsNoAnswer) {
  cluster.type(0, "add kept");
  ASSERT_TRUE(cluster.settle());
  cluster.store(0).set_fail_reads(true);
  for (const char* text : {"list", "add lost"}) {
    const auto exchange = cluster.submit(0, cluster.request(cluster.command(text)));
    cluster.pass(1s);
    EXPECT_TRUE(cluster.given_up(0, exchange)) << text;
  }
  cluster.store(0).set_fail_reads(false);
  ASSERT_TRUE(cluster.settle());
  EXPECT_THAT(cluster.type(0, "list"), HasSubstr("kept"));
}

// --- a full disk ---

TEST_F(ThreeReplicas, AFullDiskRefusesChangesServesListsClosesLinksAndRecovers) {
  cluster.type(0, "add kept");
  cluster.store(0).set_disk_full(true);
  EXPECT_THAT(cluster.type(0, "add refused"), HasSubstr("nothing was changed"));
  EXPECT_THAT(cluster.type(0, "list"), AllOf(HasSubstr("kept"), Not(HasSubstr("refused"))));
  cluster.pass(1s);  // The others dial again; nobody may stay connected to a peer that is deaf.
  EXPECT_EQ(cluster.links(0), 0u);
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz")).status, 503);
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/healthz")).status, 200);
  EXPECT_THAT(cluster.type(1, "add meanwhile"), HasSubstr("meanwhile"));

  cluster.store(0).set_disk_full(false);
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz")).status, 200);
  EXPECT_THAT(cluster.type(0, "add afterwards"), HasSubstr("afterwards"));
  EXPECT_EQ(board(cluster, 2).size(), 3u);
  expect_equal_everywhere(cluster);
}

// --- bad input ---

class BadInput : public testing::Test {
 protected:
  BadInput() : before(cluster.store(0).contents()) {}

  void expect_refused(HttpRequest request, int status) {
    const HttpReply reply = cluster.ask(0, std::move(request));
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_FALSE(reply.body.empty());
    EXPECT_EQ(cluster.store(0).contents(), before);
  }
  HttpRequest good() { return cluster.request(cluster.command("add task")); }
  HttpRequest signed_at(std::chrono::seconds offset) {
    HttpRequest request = good();
    const auto second =
        std::chrono::floor<std::chrono::seconds>(cluster.now().wall.time_since_epoch()) + offset;
    request.timestamps = {std::to_string(second.count())};
    request.signatures = {slack::sign("secret", second, request.body)};
    return request;
  }
  HttpRequest with_body(std::string body, std::string content_type) {
    HttpRequest request = signed_at(0s);
    request.body = std::move(body);
    request.content_type = std::move(content_type);
    const auto second = std::chrono::seconds(std::stoll(request.timestamps.front()));
    request.signatures = {slack::sign("secret", second, request.body)};
    return request;
  }

  ReplicaCluster cluster{1, 5};
  std::map<crdt::Bytes, crdt::Bytes, std::less<>> before;
};

constexpr const char* kForm = "application/x-www-form-urlencoded";

TEST_F(BadInput, TheSameRequestWithAGoodSignatureIsStored) {
  EXPECT_EQ(cluster.ask(0, signed_at(-300s)).status, 200);
  EXPECT_NE(cluster.store(0).contents(), before);
}

TEST_F(BadInput, ABadSignatureIs401AndNothingIsStored) {
  HttpRequest wrong = good();
  wrong.signatures.front().back() = wrong.signatures.front().back() == '0' ? '1' : '0';
  expect_refused(wrong, 401);
  HttpRequest changed = good();
  changed.body += "&x=y";
  expect_refused(changed, 401);
  HttpRequest missing = good();
  missing.signatures.clear();
  expect_refused(missing, 401);
  HttpRequest unstamped = good();
  unstamped.timestamps.clear();
  expect_refused(unstamped, 401);
  HttpRequest doubled = good();
  doubled.signatures.push_back(doubled.signatures.front());
  expect_refused(doubled, 401);
  HttpRequest stamped_twice = good();
  stamped_twice.timestamps.push_back(stamped_twice.timestamps.front());
  expect_refused(stamped_twice, 401);
  expect_refused(signed_at(-301s), 401);
  expect_refused(signed_at(301s), 401);
}

TEST_F(BadInput, AMalformedBodyIs400AndNothingIsStored) {
  expect_refused(with_body("", kForm), 400);
  expect_refused(with_body("command=%2Fir&text=add+x&team_id=T1&user_id=U1", kForm), 400);
  expect_refused(with_body("%zz=%", kForm), 400);
  expect_refused(with_body("{\"type\":", "application/json"), 400);
  expect_refused(with_body("add task", "text/plain"), 400);
}

TEST_F(BadInput, AnUnknownPathIs404AndAWrongMethod405) {
  HttpRequest elsewhere = good();
  elsewhere.target = "/slack/elsewhere";
  expect_refused(elsewhere, 404);
  HttpRequest read = good();
  read.method = "GET";
  expect_refused(read, 405);
  HttpRequest write = ReplicaCluster::get("/status");
  write.method = "POST";
  expect_refused(write, 405);
}

TEST_F(BadInput, SlacksPathsAreNotOnTheAdminListener) {
  HttpRequest request = good();
  request.listener = Listener::kAdmin;
  expect_refused(request, 401);  // Slack's signature is no operator's token.
  request.authorization = tests::kOperator;
  expect_refused(request, 404);
}

TEST_F(BadInput, OperatorsPathsAreNotOnThePublicListenerButHealthIs) {
  expect_refused(ReplicaCluster::get("/status", Listener::kPublic), 404);
  expect_refused(ReplicaCluster::get("/metrics", Listener::kPublic), 404);
  for (const Listener listener : {Listener::kPublic, Listener::kAdmin}) {
    EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/healthz", listener)).status, 200);
    EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz", listener)).status, 200);
  }
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/status")).body, HasSubstr("\"log_head\":0"));
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/metrics")).body, HasSubstr("muster_log_head 0"));
}

TEST_F(BadInput, RefusalsAreCountedAndNotedWithTheirReason) {
  cluster.ask(0, signed_at(-301s));
  EXPECT_THAT(cluster.notices(0), Contains(HasSubstr("stale")));
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/status")).body,
              HasSubstr("\"slack_rejected\":1"));
}

// --- the same inputs, the same outputs ---

void play(ReplicaCluster& cluster) {
  for (int step = 0; step < 150; ++step) {
    const std::size_t node = cluster.rng().below(3);
    const std::uint64_t dice = cluster.rng().below(100);
    if (dice < 40 && cluster.running(node)) {
      cluster.submit(node, cluster.request(cluster.command("add t" + std::to_string(step))));
    } else if (dice < 80) {
      cluster.deliver_one();
      cluster.run_batch(node);
    } else if (dice < 90) {
      cluster.pass(7ms);
    } else if (dice < 95) {
      cluster.cut(node, (node + 1) % 3);
    } else if (cluster.running(node)) {
      cluster.heal();
      cluster.crash(node);
      cluster.start(node);
    }
  }
}

TEST(Replica, TwoRunsOfOneSeedAreTheSameToTheByte) {
  ReplicaCluster one(3, 77);
  ReplicaCluster two(3, 77);
  play(one);
  play(two);
  EXPECT_GT(one.effects().size(), 100u);
  EXPECT_TRUE(one.effects() == two.effects());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(one.store(i).contents(), two.store(i).contents());
  ReplicaCluster other(3, 78);
  play(other);
  EXPECT_FALSE(one.effects() == other.effects());
}

}  // namespace

// Retries that come when hundreds of other requests have pushed their mark out of the document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crdt/handled_set.h"
#include "crdt/repository.h"
#include "tests/support/replica_cluster.h"
#include "tests/support/store_view.h"

namespace {

using testing::HasSubstr;
using tests::ReplicaCluster;
using tests::SignedCommand;
using namespace std::chrono_literals;

// A verb, how somebody else changes the same field later, and what the board says then. # is the
// number of a task "one" of its own, which is assigned to U8.
struct Retry {
  std::string verb;
  std::string later;
  std::string left;
};

const std::vector<Retry> kRetries{
    {"# !red", "# !green", "green one [U8]"},     {"#: two", "#: three", "assigned three [U8]"},
    {"# <@U5>", "# -<@U5>", "assigned one [U8]"}, {"# -<@U8>", "# <@U8>", "assigned one [U8]"},
    {"done #", "reopen #", "assigned one [U8]"},  {"cancel #", "# !yellow", "yellow one [U8]"},
    {"take #", "# -<@U1>", "assigned one [U8]"},  {"close #", "# !red", "red one [U8]"},
};

std::string about(std::string text, std::size_t task) {
  return text.replace(text.find('#'), 1, std::to_string(task));
}

std::vector<std::string> board(ReplicaCluster& cluster, std::size_t node) {
  return tests::view_of(cluster.store(node)).board;
}

std::size_t marks(ReplicaCluster& cluster, std::size_t node) {
  crdt::Repository repository;
  repository.use(cluster.store(node).begin());
  std::size_t marks = 0;
  EXPECT_TRUE(repository.scan_documents([&](const std::string&, const crdt::Document& document) {
    marks += document.marks().size();
  }));
  cluster.store(node).abort();
  return marks;
}

class LateRetry : public testing::Test {
 protected:
  LateRetry() {
    EXPECT_TRUE(cluster.settle());
    for (std::size_t i = 0; i <= kRetries.size(); ++i) cluster.type(0, "add one <@U8>", "U9");
  }

  // Each verb with its later change, and an "add" with one.
  void type_all() {
    cluster.pass(2s);
    for (std::size_t i = 0; i < kRetries.size(); ++i) {
      commands.push_back(cluster.command(about(kRetries[i].verb, i + 1)));
    }
    commands.push_back(cluster.command("add more"));
    for (const SignedCommand& command : commands) cluster.ask(0, command);
    cluster.pass(2s);
    for (std::size_t i = 0; i < kRetries.size(); ++i) {
      cluster.type(0, about(kRetries[i].later, i + 1), "U2");
    }
    cluster.type(0, std::to_string(kAdded) + ": less", "U2");
  }

  // So many other requests that no mark of those before is left.
  void flood(std::size_t node) {
    const std::string other = std::to_string(kRetries.size() + 1);
    for (std::size_t i = 0; i < 2 * crdt::kHandledMax; ++i) {
      cluster.type(node, other + (i % 2 == 0 ? " !red" : " !green"), "U3");
    }
    EXPECT_LE(marks(cluster, node), crdt::kHandledMax);
  }

  void expect_later_changes_stand(std::size_t node) {
    const std::vector<std::string> lines = board(cluster, node);
    ASSERT_EQ(lines.size(), kAdded);
    for (std::size_t i = 0; i < kRetries.size(); ++i) {
      EXPECT_THAT(lines[i], HasSubstr(kRetries[i].left)) << kRetries[i].verb;
    }
    EXPECT_THAT(lines.back(), HasSubstr("less"));
  }

  static constexpr std::size_t kAdded = 10;
  ReplicaCluster cluster{2, 6};
  std::vector<SignedCommand> commands;
};

TEST_F(LateRetry, HundredsOfRequestsLaterHasOneEffectOnEitherPeerAndUndoesNothing) {
  type_all();
  flood(0);
  ASSERT_TRUE(cluster.settle());
  expect_later_changes_stand(0);
  const std::vector<std::string> before = board(cluster, 0);
  for (const std::size_t node : {0, 1}) {
    for (const SignedCommand& command : commands) cluster.ask(node, command);
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(board(cluster, 0), before);
    EXPECT_EQ(board(cluster, 1), before);
  }
  // No mark was left to answer them from, when they came first.
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/status")).body,
              HasSubstr(R"("slack_retries":0)"));
}

TEST_F(LateRetry, OnAPeerThatWasCutOffMeanwhileHasOneEffectAndUndoesNothing) {
  cluster.settle();
  cluster.cut(0, 1);
  cluster.pump();
  type_all();
  flood(0);
  for (const SignedCommand& command : commands) cluster.ask(1, command);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  expect_later_changes_stand(0);
  EXPECT_EQ(board(cluster, 0), board(cluster, 1));
}

// Nobody changed it since: what it did stays as it is, once.
TEST_F(LateRetry, OfWhatStandsLeavesItAsItIs) {
  cluster.pass(2s);
  const SignedCommand red = cluster.command("1 !red");
  const SignedCommand add = cluster.command("add more");
  cluster.ask(0, red);
  cluster.ask(0, add);
  flood(0);
  ASSERT_TRUE(cluster.settle());
  const std::vector<std::string> before = board(cluster, 0);
  for (const std::size_t node : {0, 1}) {
    cluster.ask(node, red);
    cluster.ask(node, add);
    ASSERT_TRUE(cluster.settle());
    EXPECT_EQ(board(cluster, 0), before);
    EXPECT_EQ(board(cluster, 1), before);
  }
}

}  // namespace

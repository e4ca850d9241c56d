// Real peers that join, drain and are removed while the cluster runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cluster/roster_cluster.h"

namespace {

using testing::HasSubstr;
using testing::Not;
using tests::Ran;
using tests::RosterCluster;

TEST(RosterCluster, PeersJoinByTokenDrainAndAreRemovedWhileItRuns) {
  RosterCluster cluster;
  ASSERT_TRUE(cluster.serve("a"));
  for (const char* name : {"b", "c"}) {
    const Ran joined = cluster.join(name, cluster.invite());
    ASSERT_EQ(joined.code, 0) << joined.output;
    ASSERT_TRUE(cluster.serve(name));
  }
  EXPECT_THAT(cluster.say("a", "add disk full"), HasSubstr("disk full"));

  const std::string token = cluster.invite();
  const Ran joined = cluster.join("d", token);
  ASSERT_EQ(joined.code, 0) << joined.output;
  ASSERT_TRUE(cluster.serve("d"));
  for (const char* name : {"a", "b", "c", "d"}) {
    EXPECT_TRUE(cluster.eventually([&] { return cluster.linked(name) == 3; })) << name;
    EXPECT_TRUE(cluster.eventually([&] { return cluster.get(name, "/readyz") == "ready\n"; }))
        << name << ": " << cluster.get(name, "/readyz");
  }
  EXPECT_THAT(cluster.say("d", "list all"), HasSubstr("disk full"));
  EXPECT_THAT(cluster.say("d", "add from the fourth"), HasSubstr("from the fourth"));
  EXPECT_TRUE(cluster.eventually(
      [&] { return cluster.say("a", "list all").find("from the fourth") != std::string::npos; }));

  const Ran drained = cluster.operate({"peers", "drain", "d"});
  EXPECT_EQ(drained.code, 0) << drained.output;
  EXPECT_TRUE(cluster.eventually([&] { return cluster.get("d", "/readyz") == "draining\n"; }));
  EXPECT_THAT(cluster.say("d", "add while it drains"), HasSubstr("while it drains"));
  EXPECT_TRUE(cluster.eventually(
      [&] { return cluster.say("a", "list all").find("while it drains") != std::string::npos; }));

  // How far a remembers d's log comes with d's next acknowledgement.
  Ran removed;
  EXPECT_TRUE(cluster.eventually([&] {
    removed = cluster.operate({"peers", "remove", "d"});
    return removed.code == 0;
  })) << removed.output;
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_TRUE(cluster.eventually([&] { return cluster.linked(name) == 2; })) << name;
  }
  EXPECT_TRUE(cluster.eventually([&] { return cluster.get("d", "/readyz") == "removed\n"; }));
  EXPECT_THAT(cluster.say("d", "add too late"), HasSubstr("was removed from its cluster"));

  // It stays out, whoever restarts.
  ASSERT_TRUE(cluster.serve("d"));
  ASSERT_TRUE(cluster.serve("a"));
  EXPECT_TRUE(cluster.eventually([&] { return cluster.linked("a") == 2; }));
  EXPECT_EQ(cluster.linked("d"), 0);
  EXPECT_THAT(cluster.say("a", "list all"),
              AllOf(HasSubstr("from the fourth"), HasSubstr("while it drains"),
                    Not(HasSubstr("too late"))));
}

TEST(RosterCluster, EveryBadTokenIsRefusedWithASentenceAndLeavesNothingBehind) {
  RosterCluster cluster;
  ASSERT_TRUE(cluster.serve("a"));
  const std::string token = cluster.invite();
  ASSERT_EQ(cluster.join("b", token).code, 0);
  using namespace std::chrono_literals;
  gossip::SigningSeed stranger;
  stranger.bytes.fill(7);
  const auto text = [](const gossip::Token& token) { return exposed_text(token); };
  const gossip::Token expired = cluster.forge("test", cluster.operator_seed(), -7200s);
  const gossip::Token forged = cluster.forge("test", stranger, 3600s);
  const gossip::Token foreign = cluster.forge("other", cluster.operator_seed(), 3601s);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {token, "used already, by b"},
      {text(expired), "expired 2 hours ago"},
      {text(forged), "not signed by an operator of this cluster"},
      {text(foreign), "may be of another cluster"},
      {token.substr(0, token.size() - 9), "not whole"},
      {"hello", "begins with muster-join-1."},
  };
  int number = 0;
  for (const auto& [bad, sentence] : cases) {
    const std::string name = "x" + std::to_string(++number);
    const Ran refused = cluster.join(name, bad);
    EXPECT_EQ(refused.code, 1) << sentence;
    EXPECT_THAT(refused.output, HasSubstr(sentence));
    EXPECT_FALSE(std::filesystem::exists(cluster.dir(name)));
  }
  // All that came to the peer are counted and named there.
  EXPECT_EQ(cluster.peers("a")["refused"].size(), 4U);
  EXPECT_EQ(cluster.peers("a")["peers"].size(), 2U);
}

// Given out before anybody joined, both once promised the letter b.
TEST(RosterCluster, TokensThatWereGivenOutAtOncePromiseDifferentLettersAndOneIsTakenBack) {
  RosterCluster cluster;
  ASSERT_TRUE(cluster.serve("a"));
  const std::string first = cluster.invite();
  const std::string second = cluster.invite();
  const std::string third = cluster.invite();
  ASSERT_EQ(cluster.peers("a")["invitations"].size(), 3U);
  const Ran withdrawn = cluster.operate({"invite", "--withdraw", third});
  EXPECT_EQ(withdrawn.code, 0) << withdrawn.output;
  EXPECT_THAT(cluster.join("d", third).output, HasSubstr("withdrawn by an operator"));
  EXPECT_FALSE(std::filesystem::exists(cluster.dir("d")));
  for (const auto& [name, token] : {std::pair("b", second), std::pair("c", first)}) {
    const Ran joined = cluster.join(name, token);
    ASSERT_EQ(joined.code, 0) << joined.output;
    ASSERT_TRUE(cluster.serve(name));
  }
  const auto roster = cluster.peers("a");
  EXPECT_EQ(roster["peers"][1]["letter"], "c");
  EXPECT_EQ(roster["peers"][2]["letter"], "b");
  EXPECT_EQ(roster["invitations"].size(), 0U);
  EXPECT_THAT(cluster.operate({"peers", "letter", "b", "b"}).output, HasSubstr("belongs to c"));
  const Ran lettered = cluster.operate({"peers", "letter", "b", "x"});
  EXPECT_EQ(lettered.code, 0) << lettered.output;
  EXPECT_EQ(cluster.peers("a")["peers"][1]["letter"], "x");
}

TEST(RosterCluster, ThePeerThatIsAskedIsNotRemovedWithoutAQuestionNorARemovedOneDrained) {
  RosterCluster cluster;
  ASSERT_TRUE(cluster.serve("a"));
  ASSERT_EQ(cluster.join("b", cluster.invite()).code, 0);
  ASSERT_TRUE(cluster.serve("b"));
  ASSERT_TRUE(cluster.eventually([&] { return cluster.linked("a") == 1; }));
  const Ran asked = cluster.operate({"peers", "remove", "a"});
  EXPECT_EQ(asked.code, 1);
  EXPECT_THAT(asked.output, AllOf(HasSubstr("the very peer that you ask"), HasSubstr("--force")));
  ASSERT_EQ(cluster.operate({"peers", "remove", "b", "--force"}).code, 0);
  const Ran drained = cluster.operate({"peers", "drain", "b"});
  EXPECT_EQ(drained.code, 1);
  EXPECT_THAT(drained.output, HasSubstr("was removed, for ever"));
  const Ran again = cluster.operate({"peers", "remove", "b"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.output, HasSubstr("was removed before"));
}

TEST(RosterCluster, APeerThatIsAwayIsRemovedOnlyByForceWhichSaysWhatMayBeLost) {
  RosterCluster cluster;
  ASSERT_TRUE(cluster.serve("a"));
  ASSERT_EQ(cluster.join("b", cluster.invite()).code, 0);
  ASSERT_TRUE(cluster.serve("b"));
  ASSERT_TRUE(cluster.eventually([&] { return cluster.linked("a") == 1; }));
  cluster.kill("b");
  ASSERT_TRUE(cluster.eventually([&] { return cluster.linked("a") == 0; }));
  const Ran refused = cluster.operate({"peers", "remove", "b"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("b is away"), HasSubstr("--force")));
  EXPECT_EQ(cluster.peers("a")["peers"][1]["name"], "b");  // It stays visible.
  const Ran forced = cluster.operate({"peers", "remove", "b", "--force"});
  EXPECT_EQ(forced.code, 0) << forced.output;
  EXPECT_THAT(forced.output, HasSubstr("may be nowhere else"));
  EXPECT_EQ(cluster.peers("a")["peers"][1]["state"], "removed");
}

}  // namespace

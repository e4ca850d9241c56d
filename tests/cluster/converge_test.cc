// What peers may never disagree about once they can talk, whatever happened while they could not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

#include "tests/cluster/cluster.h"

namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using tests::Cluster;
using tests::count_of;
using tests::Said;

TEST(Converge, ACommandSentToOnePeerIsListedByTheOthers) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  for (int peer = 1; peer <= 3; ++peer) {
    cluster.send(peer, Said{.text = "add seen from peer " + std::to_string(peer)});
  }
  ASSERT_EQ(cluster.settle(), "");
  for (int peer = 1; peer <= 3; ++peer) {
    for (int from = 1; from <= 3; ++from) {
      EXPECT_THAT(cluster.list(peer), HasSubstr("seen from peer " + std::to_string(from)));
    }
  }
}

// A line that shows task 1 alike on every peer, or what differs.
std::string common_list(Cluster& cluster) {
  std::array<std::string, 3> lists;
  for (int peer = 1; peer <= 3; ++peer) {
    lists[static_cast<std::size_t>(peer - 1)] = cluster.list(peer);
  }
  if (lists[0] == lists[1] && lists[1] == lists[2]) return lists[0];
  return "DIFFERENT:\n" + lists[0] + "\n" + lists[1] + "\n" + lists[2];
}

TEST(Converge, ConflictingChangesOnBothSidesOfACutAreShownAlikeUntilOneResolvesThem) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  for (int number = 1; number <= 3; ++number) {
    cluster.send(1, Said{.text = "add task " + std::to_string(number)});
  }
  ASSERT_EQ(cluster.settle(), "");
  cluster.isolate(3);
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_THAT(cluster.send(1, Said{.user = "bob", .text = "3 !red"}), HasSubstr("!red"));
  EXPECT_THAT(cluster.send(3, Said{.user = "dana", .text = "3 !done"}), HasSubstr("!done"));
  EXPECT_THAT(cluster.list(2), Not(HasSubstr("!done")));

  cluster.rejoin(3);
  ASSERT_EQ(cluster.settle(), "");
  const std::string both = common_list(cluster);
  EXPECT_THAT(both, HasSubstr("#3 has 2 values"));
  EXPECT_THAT(both, HasSubstr("!red by @bob"));
  EXPECT_THAT(both, HasSubstr("!done by @dana"));

  cluster.send(2, Said{.user = "lee", .text = "3 !green"});
  ASSERT_EQ(cluster.settle(), "");
  const std::string one = common_list(cluster);
  EXPECT_THAT(one, HasSubstr("#3 task 3 · !green"));
  EXPECT_THAT(one, Not(HasSubstr("has 2 values")));
}

TEST(Converge, TasksAddedOnBothSidesOfACutKeepTheirNumbersApart) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  cluster.isolate(3);
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_THAT(cluster.send(1, Said{.text = "add one side"}), HasSubstr("#1a"));
  EXPECT_THAT(cluster.send(3, Said{.text = "add other side"}), HasSubstr("#1c"));
  cluster.rejoin(3);
  ASSERT_EQ(cluster.settle(), "");
  const std::string list = common_list(cluster);
  EXPECT_THAT(list, HasSubstr("#1a one side"));
  EXPECT_THAT(list, HasSubstr("#1c other side"));
  const std::string hash = cluster.hash_of(1);
  EXPECT_THAT(cluster.send(2, Said{.text = "1 !red"}), HasSubstr("Nothing was changed"));
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_EQ(cluster.hash_of(1), hash) << "a number that two tasks bear asks and changes nothing";
}

TEST(Converge, OneSignedRequestSentToAllPeersAtOnceIsOneTask) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  constexpr int kRounds = 20;
  for (int round = 1; round <= kRounds; ++round) {
    const Said said{.text = "add round " + std::to_string(100 + round)};
    const node::HttpCall call = cluster.sign(tests::slash(said));
    std::array<std::thread, 3> senders;
    for (int peer = 1; peer <= 3; ++peer) {
      const std::uint16_t port = cluster.peers().slack_port(peer);
      senders[static_cast<std::size_t>(peer - 1)] = std::thread([port, &call] {
        node::HttpClient client("127.0.0.1", port, Cluster::kPatience);
        const auto answer = client.call(call);
        EXPECT_TRUE(answer && answer->status == 200);
      });
    }
    for (std::thread& sender : senders) sender.join();
  }
  ASSERT_EQ(cluster.settle(), "");
  const std::string list = common_list(cluster);
  for (int round = 1; round <= kRounds; ++round) {
    EXPECT_EQ(count_of(list, "round " + std::to_string(100 + round)), 1) << list;
  }
}

// A verb that one person used, what another changed afterwards, and how the task reads then.
struct Retry {
  const char* name;
  const char* first;   // Said by ann at T - 120 s and once more at T - 60 s.
  const char* change;  // Said by bob at T - 90 s.
  const char* stands;  // In the list at the end, on every peer.
};

// Task 1 is "target", held by lee, as of T - 150 s.
constexpr std::array kRetries = {
    Retry{"Status", "1 !red", "1 !green", "#1 target · !green · @lee"},
    Retry{"Text", "1: first words", "1: second words", "#1 second words · !yellow · @lee"},
    Retry{"Assign", "1 @dana", "1 -@dana", "#1 target · !yellow · @lee\n"},
    Retry{"Unassign", "1 -@lee", "1 @lee", "#1 target · !yellow · @lee\n"},
    Retry{"Take", "take 1", "1 -@ann", "#1 target · !yellow · @lee\n"},
    Retry{"Drop", "drop 1", "1 @ann", "#1 target · !yellow · @ann, @lee"},
    Retry{"Done", "done 1", "reopen 1", "#1 target · !assigned"},
    Retry{"Cancel", "cancel 1", "1 !red", "#1 target · !red"},
    Retry{"Reopen", "reopen 1", "1 !done", "#1 target · !done"},
};

class RetryTest : public testing::TestWithParam<Retry> {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster_.problem(), "");
    say(1, "lee", "add target @lee !yellow", 150);
    if (std::string_view(GetParam().name) == "Drop") say(1, "lee", "1 @ann", 149);
    if (std::string_view(GetParam().name) == "Reopen") say(1, "lee", "1 !canceled", 149);
    say(1, "lee", "add another", 148);  // So that a list ends every line alike.
    ASSERT_EQ(cluster_.settle(), "");
  }

  std::string say(int peer, const char* user, const std::string& text, int seconds_ago,
                  const std::string& trigger = {}) {
    const Said said{.user = user, .text = text, .trigger = trigger};
    return cluster_.send(peer, cluster_.sign(tests::slash(said), seconds(seconds_ago)));
  }

  // The retrying peer is cut off before it learns of the request: it cannot know better.
  void retry_across_a_cut(int seconds_ago) {
    cluster_.isolate(3);
    ASSERT_EQ(cluster_.settle(), "");
    say(1, "ann", GetParam().first, 120, "1.2.retried");
    ASSERT_EQ(cluster_.settle(), "");
    say(2, "bob", GetParam().change, 90);
    ASSERT_EQ(cluster_.settle(), "");
    ASSERT_THAT(cluster_.list(1), HasSubstr(GetParam().stands));
    say(3, "ann", GetParam().first, seconds_ago, "1.2.retried");
    cluster_.rejoin(3);
    ASSERT_EQ(cluster_.settle(), "");
    EXPECT_THAT(common_list(cluster_), HasSubstr(GetParam().stands));
  }

  Cluster cluster_;
};

TEST_P(RetryTest, OnAnotherPeerAMinuteLaterChangesNothing) {
  const std::string answer = say(1, "ann", GetParam().first, 120, "1.2.retried");
  ASSERT_THAT(answer, HasSubstr("#1 "));
  ASSERT_EQ(cluster_.settle(), "");
  say(2, "bob", GetParam().change, 90);
  ASSERT_EQ(cluster_.settle(), "");
  const std::string before = common_list(cluster_);
  EXPECT_THAT(before, HasSubstr(GetParam().stands));
  const std::string hash = cluster_.hash_of(1);
  EXPECT_EQ(say(3, "ann", GetParam().first, 60, "1.2.retried"), answer)
      << "a retry is answered as the request was";
  ASSERT_EQ(cluster_.settle(), "");
  EXPECT_EQ(common_list(cluster_), before);
  EXPECT_EQ(cluster_.hash_of(1), hash);
}

// A load balancer sends the same bytes again.
TEST_P(RetryTest, OfTheSameBytesAcrossACutLetsTheLaterChangeStand) { retry_across_a_cut(120); }

// Slack signs its retries anew.
TEST_P(RetryTest, SignedAnewAcrossACutLetsTheLaterChangeStand) { retry_across_a_cut(60); }

INSTANTIATE_TEST_SUITE_P(EveryVerb, RetryTest, testing::ValuesIn(kRetries),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Retry, OfAnAddAMinuteLaterIsTheSameTask) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  const auto say = [&](int peer, const char* user, const char* text, int ago, const char* trigger) {
    const Said said{.user = user, .text = text, .trigger = trigger};
    return cluster.send(peer, cluster.sign(tests::slash(said), seconds(ago)));
  };
  cluster.isolate(3);
  ASSERT_EQ(cluster.settle(), "");
  say(1, "ann", "add retried task @ann !red", 120, "1.2.add");
  ASSERT_EQ(cluster.settle(), "");
  say(2, "bob", "1 !green", 90, "1.2.change");
  say(3, "ann", "add retried task @ann !red", 60, "1.2.add");
  cluster.rejoin(3);
  ASSERT_EQ(cluster.settle(), "");
  say(2, "ann", "add retried task @ann !red", 30, "1.2.add");
  ASSERT_EQ(cluster.settle(), "");
  const std::string list = common_list(cluster);
  EXPECT_EQ(count_of(list, "retried task"), 1) << list;
  EXPECT_THAT(list, HasSubstr("retried task · !green · @ann"));
}

// Never asserts on speed: it prints what this machine did.
TEST(Visible, OnAllPeersHowSoonAfterSending) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  constexpr int kCommands = 500;
  std::vector<double> replied_ms;
  std::vector<double> visible_ms;
  const auto ms_since = [](auto start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
  };
  for (int number = 0; number < kCommands; ++number) {
    const std::string channel = "room-" + std::to_string(number / 10);
    const std::string text = "seen-" + std::to_string(1000 + number);
    const int peer = 1 + number % 3;
    const auto call = cluster.sign(tests::slash({.text = "add " + text, .channel = channel}));
    const auto start = std::chrono::steady_clock::now();
    ASSERT_THAT(cluster.send(peer, call), HasSubstr(text));
    replied_ms.push_back(ms_since(start));
    for (int other = 1; other <= 3; ++other) {
      if (other == peer) continue;
      while (count_of(cluster.list(other, channel), text) == 0) {
        ASSERT_LT(ms_since(start), 60'000) << text << " never reached peer " << other;
      }
    }
    visible_ms.push_back(ms_since(start));
  }
  for (auto* figures : {&replied_ms, &visible_ms}) std::sort(figures->begin(), figures->end());
  std::printf(
      "visible on all peers over %d commands: p50 %.2f ms, max %.2f ms "
      "(the reply alone: p50 %.2f ms, max %.2f ms; both lists are asked after it)\n",
      kCommands, visible_ms[kCommands / 2], visible_ms.back(), replied_ms[kCommands / 2],
      replied_ms.back());
}

}  // namespace

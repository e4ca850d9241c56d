// A channel that is forgotten by real peers: by one that was away, and by one that is killed in the
// middle of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "node/cli/demo_people.h"
#include "tests/cluster/cluster.h"

namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::Cluster;
using tests::Process;
using tests::Said;

struct Forget : testing::Test {
  void SetUp() override { ASSERT_EQ(cluster.problem(), ""); }

  std::string config_of(int peer) {
    return (cluster.peers().folder_of(peer) / "config.json").string();
  }

  // Whoever waits for a peer that is away need not wait long.
  std::string forget(int peer, const std::string& channel, const std::string& wait, int expected) {
    const char* timeout = expected == 0 ? "60s" : "500ms";
    Process process({MUSTER_BINARY, "forget", "--channel", channel, "--yes", "--config",
                     config_of(peer), "--wait", wait, "--timeout", timeout});
    EXPECT_EQ(process.finish(), expected) << process.output();
    return process.output();
  }

  // As `muster forget` names it.
  static std::string name_of(std::string_view channel) {
    const node::cli::SlashCommand command = tests::slash({.text = "list", .channel = "x"});
    return command.team_id + "/" + node::cli::channel_id_of(channel);
  }

  json status(int peer) {
    const auto text = cluster.peers().status_text(peer);
    return text ? json::parse(*text, nullptr, false) : json();
  }

  template <class Holds>
  static bool eventually(Holds holds) {
    const auto deadline = std::chrono::steady_clock::now() + Cluster::kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // Between two looks.
    }
    return true;
  }

  Cluster cluster;
};

TEST_F(Forget, APeerThatWasAwayForgetsTooAndWhatItBringsOfTheChannelGoes) {
  for (int task = 0; task < 5; ++task) {
    const std::string text = "add secret number " + std::to_string(task);
    ASSERT_THAT(cluster.send(1 + task % 3, Said{.text = text, .channel = "room"}),
                HasSubstr("secret"));
  }
  ASSERT_THAT(cluster.send(1, Said{.text = "add plain", .channel = "other"}), HasSubstr("plain"));
  ASSERT_EQ(cluster.settle(), "");
  cluster.isolate(3);
  ASSERT_THAT(cluster.send(3, Said{.text = "add secret typed apart", .channel = "room"}),
              HasSubstr("secret typed apart"));
  EXPECT_THAT(forget(1, name_of("room"), "all", 3),
              AllOf(HasSubstr("forgotten: 5 tasks"), HasSubstr("not known to be durable on")));
  EXPECT_THAT(cluster.list(2, "room"), Not(HasSubstr("secret")));
  EXPECT_THAT(cluster.list(3, "room"), HasSubstr("secret")) << "it has not heard";

  cluster.peers().kill(3);  // And what it held is in its store alone.
  cluster.rejoin(3);
  ASSERT_TRUE(cluster.peers().start(3));
  ASSERT_EQ(cluster.settle(), "");
  // The peer on duty looks once a minute for what came late; the channel's old tasks go at once.
  EXPECT_THAT(cluster.list(3, "room"), Not(HasSubstr("secret number")));
  EXPECT_THAT(forget(1, name_of("room"), "all", 0), HasSubstr("durable on"));
  for (int peer = 1; peer <= 3; ++peer) {
    EXPECT_TRUE(eventually([&] {
      return cluster.list(peer, "room").find("secret") == std::string::npos;
    })) << peer;
    EXPECT_THAT(cluster.list(peer, "other"), HasSubstr("plain"));
    EXPECT_EQ(status(peer)["retention"]["forgotten"], 1) << peer;
  }
  ASSERT_EQ(cluster.settle(), "");
}

TEST_F(Forget, APeerThatIsKilledWhileABigChannelGoesShowsNothingOfItWhenItIsBack) {
  constexpr int kTasks = 300;
  for (int task = 0; task < kTasks; ++task) {
    const std::string text = "add secret number " + std::to_string(task);
    ASSERT_THAT(cluster.send(1, Said{.text = text, .channel = "room"}), HasSubstr("secret"));
  }
  ASSERT_EQ(cluster.settle(), "");
  const auto records = status(1)["records"].get<int>();
  ASSERT_GE(records, 2 * kTasks);
  EXPECT_THAT(forget(1, name_of("room"), "local", 0), HasSubstr("forgotten: 300 tasks"));
  for (int round = 0; round < 3; ++round) {
    for (const int peer : {1, 2}) {
      cluster.peers().kill(peer);
      ASSERT_TRUE(cluster.peers().start(peer));
    }
  }
  ASSERT_EQ(cluster.settle(), "");
  for (int peer = 1; peer <= 3; ++peer) {
    EXPECT_THAT(cluster.list(peer, "room"), Not(HasSubstr("secret")));
    EXPECT_EQ(status(peer)["retention"]["forgotten"], 1) << peer;
  }
  ASSERT_THAT(cluster.send(2, Said{.text = "add fresh", .channel = "room"}), HasSubstr("fresh"));
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_THAT(cluster.list(3, "room"), HasSubstr("#301"));
}

}  // namespace

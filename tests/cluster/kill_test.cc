// What kill -9 may not take: every acknowledged command, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/kill_load.h"

namespace {

using testing::IsEmpty;
using tests::Cluster;
using tests::KillLoad;
using tests::Said;

TEST(Kill, NoAcknowledgedCommandIsLostOrDoubledByFiftyKills) {
  KillLoad load({.all_every = 0});
  ASSERT_EQ(load.run(), "");
  EXPECT_THAT(load.complaints(), IsEmpty());
}

TEST(Kill, ARestartOfAllKeepsEverything) {
  constexpr int kTasks = 10;
  const auto name = [](int number) { return "job-" + std::to_string(number); };
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  for (int number = 0; number < kTasks; ++number) {
    cluster.send(1 + number % 3, Said{.text = "add " + name(number)});
  }
  ASSERT_EQ(cluster.settle(), "");
  const std::string hash = cluster.hash_of(1);
  for (int peer = 1; peer <= 3; ++peer) cluster.peers().kill(peer);
  for (int peer = 1; peer <= 3; ++peer) {
    const auto started = cluster.peers().start(peer);
    ASSERT_TRUE(started) << started.error().message;
  }
  ASSERT_EQ(cluster.settle(), "");
  for (int peer = 1; peer <= 3; ++peer) {
    EXPECT_EQ(cluster.hash_of(peer), hash);
    for (int number = 0; number < kTasks; ++number) {
      EXPECT_EQ(tests::count_of(cluster.list(peer), name(number)), 1);
    }
  }
}

}  // namespace

// What membership promises of many members and long times.
#include <gtest/gtest.h>

#include "gossip/membership.h"
#include "tests/support/member_world.h"

namespace gossip {
namespace {

using namespace std::chrono_literals;
using test::MemberWorld;

// 5 % of the time of each of 32 members it stands still, for up to two seconds at once.
TEST(MembershipLaw, NobodyIsDeclaredDeadInAnHourOfPauses) {
  MemberWorld world(32, 1);
  ASSERT_TRUE(world.run_until(5s, [&] { return world.all_alive(); }));
  const auto draw = [&](std::uint64_t ms) {
    return std::chrono::milliseconds(world.rng().below(ms));
  };
  std::vector<crdt::Instant> next;
  for (std::size_t node = 0; node < world.size(); ++node)
    next.push_back(world.now() + draw(38'000));
  const crdt::Instant until = world.now() + 1h;
  std::size_t pauses = 0;
  while (world.now() < until) {
    world.run_for(10ms);
    for (std::size_t node = 0; node < world.size(); ++node) {
      if (next[node] > world.now()) continue;
      const auto pause = draw(2'001);
      world.pause(node, pause);
      ++pauses;
      next[node] = world.now() + pause + draw(38'000);
    }
  }
  EXPECT_GT(pauses, 5'000u);
  EXPECT_EQ(world.deaths(), 0u);
  EXPECT_TRUE(world.run_until(10s, [&] { return world.all_alive(); }));
}

// No zombie, nobody forgotten: of a thousand that are started again, one in ten does not come back.
TEST(MembershipLaw, AfterARestartOfAThousandTheRunningAreAliveAndTheOthersDead) {
  MemberWorld world(1'000, 3);
  ASSERT_TRUE(world.run_until(3 * Membership::kPeriod, [&] { return world.all_alive(); }));
  world.run_for(3s);
  EXPECT_EQ(world.deaths(), 0u);
  for (std::size_t node = 0; node < world.size(); ++node) world.kill_process(node);
  for (std::size_t node = 0; node < world.size(); ++node) {
    if (node % 10 != 0) world.restart(node);
  }
  EXPECT_TRUE(world.run_until(4 * Membership::kPeriod, [&] { return world.all_alive(); }));
  EXPECT_TRUE(world.run_until(60s, [&] {
    for (std::size_t node = 0; node < world.size(); node += 10) {
      if (!world.all_believe(node, Liveness::kDead)) return false;
    }
    return true;
  }));
  EXPECT_TRUE(world.all_alive());
}

}  // namespace
}  // namespace gossip

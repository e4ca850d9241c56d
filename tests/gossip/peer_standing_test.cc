// Stores that may not speak for themselves: who finds it out, and what makes them sound again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gossip/peer.h"
#include "tests/support/mesh.h"

namespace {

using test::Mesh;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

void cut_off(Mesh& mesh, std::size_t node) {
  for (std::size_t other = 0; other < mesh.size(); ++other) {
    if (other != node) mesh.cut(node, other);
  }
}

// Delivers and lets time go by until `node` is catching up, for some seconds.
bool falls_behind(Mesh& mesh, std::size_t node) {
  for (int steps = 0; steps < 2'000; ++steps) {
    if (!mesh.catching_up(node).empty()) return true;
    if (!mesh.deliver_one()) mesh.pass_time();
  }
  return false;
}

TEST(PeerStanding, AnUnannouncedRollbackIsFoundByWhatAPeerKnowsAndHealedByOneWholeSession) {
  Mesh mesh(2, 31);
  ASSERT_TRUE(mesh.settle());
  const node::MemoryStore backup = mesh.snapshot(0);
  mesh.write(0, "k", "lost", "1");
  ASSERT_TRUE(mesh.settle());
  mesh.roll_back(0, backup);
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
  EXPECT_TRUE(falls_behind(mesh, 0));
  EXPECT_THAT(mesh.catching_up(0), HasSubstr("b covers row 1 of a former run"));
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("this store went back in time")));
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
  EXPECT_EQ(mesh.peer(0).rollbacks_found(), 1);
  EXPECT_EQ(mesh.read(0, "k", "lost"), "1");
}

TEST(PeerStanding, WhatOthersKnowMoreOfARestoredStoreIsNoRollback) {
  Mesh mesh(2, 38);
  ASSERT_TRUE(mesh.settle());
  const node::MemoryStore backup = mesh.snapshot(0);
  mesh.write(0, "k", "lost", "1");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.roll_back(0, backup);
  mesh.mark_catching_up(0);
  mesh.restart(0);
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.peer(0).rollbacks_found(), 0);
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
  EXPECT_EQ(mesh.read(0, "k", "lost"), "1");
}

TEST(PeerStanding, AWipedDiskIsFoundTheSameWay) {
  Mesh mesh(2, 32);
  const node::MemoryStore empty;
  mesh.write(0, "k", "lost", "1");
  ASSERT_TRUE(mesh.settle());
  mesh.roll_back(0, empty);
  EXPECT_TRUE(falls_behind(mesh, 0));
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
  EXPECT_EQ(mesh.read(0, "k", "lost"), "1");
}

TEST(PeerStanding, ARestartThatLostNothingIsNoAlarm) {
  Mesh mesh(3, 33);
  for (int i = 0; i < 5; ++i) {
    mesh.write(static_cast<std::size_t>(i) % 3, "k", "p", std::to_string(i));
    ASSERT_TRUE(mesh.settle());
    mesh.restart(static_cast<std::size_t>(i + 1) % 3);
    ASSERT_TRUE(mesh.settle());
  }
  EXPECT_THAT(mesh.notices(), Not(Contains(HasSubstr("back in time"))));
}

TEST(PeerStanding, ASessionWithAPeerThatIsCatchingUpProvesNothing) {
  Mesh mesh(3, 34);
  mesh.write(2, "k", "p", "1");
  ASSERT_TRUE(mesh.settle());
  cut_off(mesh, 2);
  mesh.mark_catching_up(0);
  mesh.mark_catching_up(1);
  mesh.restart(0);
  mesh.restart(1);
  mesh.settle(10);
  EXPECT_THAT(mesh.catching_up(0), Not(IsEmpty()));
  EXPECT_THAT(mesh.catching_up(1), Not(IsEmpty()));
  EXPECT_TRUE(mesh.status(0).front().catching_up);
  mesh.heal(0, 2);  // 1 hears only from 0, once that one is sound.
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
  EXPECT_THAT(mesh.catching_up(1), IsEmpty());
}

TEST(PeerStanding, WhereAllAreRestoredWholeSessionsWithAllOfThemAreAllThereIs) {
  Mesh mesh(3, 35);
  mesh.write(0, "k", "p", "1");
  ASSERT_TRUE(mesh.settle());
  for (std::size_t node = 0; node < 3; ++node) {
    mesh.mark_catching_up(node);
    mesh.restart(node);
  }
  cut_off(mesh, 2);
  mesh.settle(10);
  EXPECT_THAT(mesh.catching_up(0), Not(IsEmpty())) << "what 2 knows is not here";
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  for (std::size_t node = 0; node < 3; ++node) EXPECT_THAT(mesh.catching_up(node), IsEmpty());
}

TEST(PeerStanding, TheMarkOutlivesTheProcess) {
  Mesh mesh(2, 36);
  mesh.cut(0, 1);
  mesh.mark_catching_up(0);
  mesh.restart(0);
  EXPECT_EQ(mesh.catching_up(0), "it was restored");
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  mesh.restart(0);
  EXPECT_THAT(mesh.catching_up(0), IsEmpty());
}

TEST(PeerStanding, AfterAWholeSessionAnOldClaimIsOnlyCounted) {
  Mesh mesh(3, 37);
  ASSERT_TRUE(mesh.settle());
  const node::MemoryStore backup = mesh.snapshot(0);
  mesh.write(0, "k", "lost", "1");
  ASSERT_TRUE(mesh.settle());
  cut_off(mesh, 2);
  mesh.roll_back(0, backup);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.peer(0).rollbacks_found(), 1);
  mesh.heal();
  EXPECT_FALSE(falls_behind(mesh, 0));
  EXPECT_EQ(mesh.peer(0).rollbacks_found(), 2);
}

}  // namespace

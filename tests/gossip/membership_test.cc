#include "gossip/membership.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/member_world.h"

namespace gossip {
namespace {

using namespace std::chrono_literals;
using test::MemberWorld;

// All of them have known each other for a while, and their phases drifted apart.
struct GrownWorld : MemberWorld {
  GrownWorld(std::size_t nodes, std::uint64_t seed) : MemberWorld(nodes, seed) {
    EXPECT_TRUE(run_until(5s, [&] { return all_alive(); }));
    run_for(10s);
  }
};

// Of what a member says: itself under `incarnation`, and `news`.
Swim said(std::uint64_t incarnation, std::vector<News> news) {
  return {SwimKind::kNews, 0, {}, incarnation, false, 0, std::move(news)};
}

class ClusterOf : public testing::TestWithParam<std::size_t> {};

TEST_P(ClusterOf, KnowsOfADeadHostWithinFiveSeconds) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    GrownWorld world(GetParam(), seed);
    world.run_for(std::chrono::milliseconds(137 * seed));
    const std::size_t victim = seed % GetParam();
    world.kill_host(victim);
    EXPECT_TRUE(world.run_until(5s, [&] { return world.all_believe(victim, Liveness::kDead); }))
        << "seed " << seed;
    EXPECT_TRUE(world.all_alive()) << "seed " << seed;
  }
}

TEST_P(ClusterOf, KnowsOfADeadProcessWithinFourSecondsForItsHostRefusesLinks) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    GrownWorld world(GetParam(), seed);
    world.kill_process(0);  // It dialled all others: none of them dials it.
    world.kill_process(1);  // One dialled it, and is dead.
    world.kill_process(2);
    EXPECT_TRUE(world.run_until(4s,
                                [&] {
                                  return world.all_believe(0, Liveness::kDead) &&
                                         world.all_believe(2, Liveness::kDead);
                                }))
        << "seed " << seed;
    EXPECT_TRUE(world.all_alive()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ClusterOf, testing::Values(4, 32, 100));

TEST(Membership, AnIdleMemberSaysTwoThingsAPeriod) {
  GrownWorld world(32, 1);
  const std::uint64_t before = world.messages();
  world.run_for(80s);
  EXPECT_EQ(world.deaths(), 0u);
  EXPECT_LE(world.messages() - before, 32u * 2 * 100 + 64);  // A probe, and an answer to one.
  EXPECT_GE(world.messages() - before, 32u * 2 * 99);
}

TEST(Membership, WhoeverStandsStillForTwoSecondsMayBeSuspectButRefutes) {
  std::uint64_t refuted = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    GrownWorld world(32, seed);
    const std::uint64_t before = world.member(5).incarnation();
    world.pause(5, 2s);
    world.run_for(2s);
    EXPECT_TRUE(world.run_until(1s, [&] { return world.all_alive(); })) << "seed " << seed;
    EXPECT_EQ(world.deaths(), 0u) << "seed " << seed;
    refuted += world.member(5).incarnation() - before;
  }
  EXPECT_GE(refuted, 5u);
}

TEST(Membership, OneThatStoodStillBlamesItselfAndNobodyElse) {
  GrownWorld world(32, 3);
  world.pause(5, 30s);
  world.run_for(31s);
  for (std::size_t node = 0; node < world.size(); ++node) {
    if (node == 5) continue;
    EXPECT_NE(world.member(5).find(MemberWorld::id(node))->state, Liveness::kDead);
  }
  EXPECT_TRUE(world.run_until(5s, [&] { return world.all_alive(); }));
}

TEST(Membership, ALinkThatBreaksAloneCostsNobodyItsPlace) {
  GrownWorld world(8, 4);
  world.cut(2, 3);
  world.run_for(60s);
  EXPECT_TRUE(world.all_alive());
  EXPECT_EQ(world.deaths(), 0u);
}

TEST(Membership, AMemberThatIsSeenThroughOneOtherAloneIsProbedThroughIt) {
  GrownWorld world(8, 5);
  for (std::size_t other = 1; other < 7; ++other) world.cut(other, 7);
  world.run_for(60s);
  EXPECT_TRUE(world.all_alive());
  world.kill_host(7);
  EXPECT_TRUE(world.run_until(20s, [&] { return world.all_believe(7, Liveness::kDead); }));
}

TEST(Membership, ReadinessIsToldToAllAtOnceAndEndsWithTheLink) {
  GrownWorld world(4, 6);
  world.member(1).set_ready(true);
  world.run_for(2s);
  EXPECT_TRUE(world.member(3).find(MemberWorld::id(1))->ready);
  world.cut(1, 3);
  world.run_for(1s);
  EXPECT_FALSE(world.member(3).find(MemberWorld::id(1))->ready);
  EXPECT_TRUE(world.member(2).find(MemberWorld::id(1))->ready);
}

TEST(Membership, ARemovedMemberIsForgottenAndNewsOfItIgnored) {
  GrownWorld world(4, 7);
  for (std::size_t node = 0; node < 3; ++node) world.member(node).remove(MemberWorld::id(3));
  world.run_for(30s);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(world.member(node).find(MemberWorld::id(3)), nullptr);
    EXPECT_EQ(world.member(node).members().size(), 2u);
  }
}

TEST(Membership, AnAnswerToAProbeOfAnotherClearsNobody) {
  GrownWorld world(4, 8);
  world.kill_host(3);
  for (int i = 0; i < 200; ++i) {
    for (std::uint32_t number = 0; number < 40; ++number) {
      world.lie(1, 0, {SwimKind::kAck, number, {}, 1, false, 0, {}});
    }
    world.run_for(50ms);
  }
  EXPECT_EQ(world.member(2).find(MemberWorld::id(3))->state, Liveness::kDead);
}

// --- bugs that memberlist had, or has ---

// #311: after a restart of all nodes at once, live ones stayed dead until the next push/pull.
TEST(Memberlist, Bug311AfterARestartOfAllEverybodyIsAliveToEverybody) {
  GrownWorld world(100, 11);
  for (std::size_t node = 0; node < world.size(); ++node) world.restart(node);
  EXPECT_TRUE(world.run_until(2 * Membership::kPeriod, [&] { return world.all_alive(); }));
  const std::size_t deaths = world.deaths();
  world.run_for(60s);
  EXPECT_TRUE(world.all_alive());
  EXPECT_EQ(world.deaths(), deaths);
}

// #312: an old view brought a node that was gone back, for hours.
TEST(Memberlist, Bug312AnOldViewBringsNobodyBack) {
  GrownWorld world(8, 12);
  world.kill_host(7);
  world.pause(6, 60s);  // It believes 7 alive for longest.
  world.run_for(61s);
  EXPECT_TRUE(world.run_until(15s, [&] { return world.all_believe(7, Liveness::kDead); }));
  Swim view = said(1, {{MemberWorld::id(7), 1, Liveness::kAlive, MemberWorld::id(6)}});
  view.kind = SwimKind::kView;
  for (std::size_t node = 0; node < 6; ++node) world.lie(6, node, view);
  world.run_for(1s);
  EXPECT_TRUE(world.all_believe(7, Liveness::kDead));
  // Even under a greater number it is probed, through others, and found dead again.
  view.news.front().incarnation = 9;
  for (std::size_t node = 0; node < 6; ++node) world.lie(6, node, view);
  world.run_for(30s);
  EXPECT_TRUE(world.all_believe(7, Liveness::kDead));
}

// #222: a node that was cut off from all others never came back.
TEST(Memberlist, Bug222ANodeThatWasCutOffForAnHourComesBack) {
  GrownWorld world(16, 13);
  for (std::size_t other = 0; other < 15; ++other) world.cut(other, 15);
  world.run_for(1h);
  EXPECT_TRUE(world.all_believe(15, Liveness::kDead));
  for (std::size_t other = 0; other < 15; ++other) {
    EXPECT_EQ(world.member(15).find(MemberWorld::id(other))->state, Liveness::kDead);
  }
  world.heal();
  EXPECT_TRUE(world.run_until(5s, [&] { return world.all_alive(); }));
}

// #358, #359: one message with the greatest incarnation evicted a node for good.
TEST(Memberlist, Bug358AnAccusationUnderTheGreatestIncarnationIsRefusedAndCounted) {
  GrownWorld world(8, 14);
  for (const std::uint64_t incarnation : {~std::uint64_t{0}, std::uint64_t{1} << 40}) {
    for (const Liveness state : {Liveness::kDead, Liveness::kSuspect, Liveness::kAlive}) {
      const News lie{MemberWorld::id(3), incarnation, state, MemberWorld::id(1)};
      for (std::size_t node = 0; node < 8; ++node) world.lie(1, node, said(1, {lie}));
    }
  }
  EXPECT_EQ(world.lies(), 2u * 3 * 7);
  world.run_for(30s);
  EXPECT_TRUE(world.all_alive());
  EXPECT_EQ(world.deaths(), 0u);
}

// The same in many steps, each of which is believed: it is refuted as often.
TEST(Memberlist, Bug359ALiarThatGoesOnForAnHourEvictsNobodyThatHoldsItsLinks) {
  GrownWorld world(8, 15);
  for (int minute = 0; minute < 60; ++minute) {
    const std::uint64_t above = world.member(3).incarnation() + Membership::kJumpMax - 1;
    const News lie{MemberWorld::id(3), above, Liveness::kDead, MemberWorld::id(1)};
    for (std::size_t node = 0; node < 8; ++node) {
      if (node != 3) world.lie(1, node, said(1, {lie}));
    }
    world.run_for(60s);
    EXPECT_TRUE(world.all_alive());
  }
  EXPECT_EQ(world.deaths(), 0u);
}

// #178: a field of zeros was passed on and made the news unreadable for all who joined.
TEST(Memberlist, Bug178AMessageWithoutAnIncarnationIsIgnored) {
  GrownWorld world(4, 16);
  world.lie(1, 0, said(0, {{MemberWorld::id(2), 5, Liveness::kDead, MemberWorld::id(1)}}));
  EXPECT_EQ(world.member(0).find(MemberWorld::id(2))->state, Liveness::kAlive);
  world.lie(1, 0, said(1, {{MemberWorld::id(2), 0, Liveness::kDead, MemberWorld::id(1)}}));
  EXPECT_EQ(world.member(0).find(MemberWorld::id(2))->state, Liveness::kAlive);
}

// #345, the other way round: rumours about whom nobody listed were spread.
TEST(Memberlist, Bug345NewsOfAnUnknownMemberIsNotPassedOn) {
  GrownWorld world(4, 17);
  const std::uint64_t before = world.messages();
  world.lie(1, 0, said(1, {{{4'711}, 5, Liveness::kAlive, MemberWorld::id(1)}}));
  EXPECT_EQ(world.member(0).find({4'711}), nullptr);
  EXPECT_EQ(world.messages(), before);
}

// memberlist#197 in Rust: a dead node's stored incarnation was not raised by later news of its
// death, so that an old claim to life revived it.
TEST(Memberlist, Bug197ADeathUnderAGreaterIncarnationOutweighsAnOlderClaim) {
  GrownWorld world(8, 18);
  for (std::size_t other = 0; other < 7; ++other) world.cut(other, 7);
  world.kill_host(7);
  world.run_for(30s);
  const auto tell = [&](std::uint64_t incarnation, Liveness state) {
    world.lie(1, 0, said(1, {{MemberWorld::id(7), incarnation, state, MemberWorld::id(1)}}));
    return world.member(0).find(MemberWorld::id(7))->state;
  };
  EXPECT_EQ(tell(10, Liveness::kDead), Liveness::kDead);
  EXPECT_EQ(tell(2, Liveness::kAlive), Liveness::kDead);
  EXPECT_EQ(world.member(0).find(MemberWorld::id(7))->incarnation, 10u);
}

// A store restored from a backup knows a smaller incarnation than the others.
TEST(Membership, AMemberWhoseStoreWasRolledBackIsAliveAgainUnderAGreaterIncarnation) {
  GrownWorld world(8, 19);
  for (int i = 0; i < 5; ++i) {
    world.restart(3);
    world.run_for(2s);
  }
  world.kill_process(3);
  EXPECT_TRUE(world.run_until(10s, [&] { return world.all_believe(3, Liveness::kDead); }));
  world.roll_back(3, 1);
  EXPECT_TRUE(world.run_until(3s, [&] { return world.all_alive(); }));
  EXPECT_GT(world.member(3).incarnation(), 5u);
}

}  // namespace
}  // namespace gossip

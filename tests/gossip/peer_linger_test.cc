// When a Peer says what it has to say: what may wait for a frame to share, and what may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/hostile_peer.h"

namespace {

using gossip::Linked;
using gossip::Offer;
using gossip::Peer;
using gossip::Ping;
using gossip::Pong;
using gossip::Push;
using gossip::Pushed;
using gossip::Resolved;
using gossip::Resume;
using test::forged_change;
using test::hostile_config;
using test::HostilePeer;
using test::LonePeer;
using testing::ElementsAre;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr crdt::ReplicaId kThird{123};  // Its changes come by way of others.

gossip::Config with_linger(std::chrono::milliseconds linger) {
  gossip::Config config;
  config.linger = linger;
  return config;
}

class PeerLinger : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kLinger = 500ms;

  // Past the news of links that the beginning brings.
  void begin(HostilePeer& peer, crdt::ReplicaId run) {
    peer.begin(run);
    victim.pass(kLinger);
    (void)peer.hear();
  }

  Push push(std::uint64_t row) { return {row, true, forged_change(HostilePeer::kRun, row)}; }

  LonePeer victim{{hostile_config(1, "near"), hostile_config(2, "far")}, with_linger(kLinger)};
  HostilePeer near{victim, 1};
  HostilePeer far{victim, 2};
};

TEST_F(PeerLinger, AcknowledgementsOfSomeTimeLeaveAsOne) {
  begin(near, HostilePeer::kRun);
  near.say(push(1));
  victim.pass(kLinger - 1ms);
  near.say(push(2));
  EXPECT_FALSE(near.hear_a<Pushed>());
  victim.pass(1ms);
  const auto pushed = near.hear_a<Pushed>();
  ASSERT_TRUE(pushed);
  EXPECT_THAT(pushed->seqs, ElementsAre(1, 2));
}

TEST_F(PeerLinger, AnAcknowledgementSharesTheNextFrame) {
  begin(near, HostilePeer::kRun);
  near.say(push(1));
  near.say(Ping{});
  const auto heard = near.hear();
  ASSERT_THAT(heard, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<Pong>(heard[0]));
  EXPECT_TRUE(std::holds_alternative<Pushed>(heard[1]));
  victim.pass(kLinger);
  EXPECT_FALSE(near.hear_a<Pushed>());
}

TEST_F(PeerLinger, AsManyAcknowledgementsAsMayLingerLeaveAtOnce) {
  begin(near, HostilePeer::kRun);
  for (std::uint64_t row = 1; row < Peer::kLingeringMax; ++row) near.say(push(row));
  EXPECT_FALSE(near.hear_a<Pushed>());
  near.say(push(Peer::kLingeringMax));
  const auto pushed = near.hear_a<Pushed>();
  ASSERT_TRUE(pushed);
  EXPECT_THAT(pushed->seqs, SizeIs(Peer::kLingeringMax));
}

TEST_F(PeerLinger, NewsOfLinksLeavesOnceHowManyThereAre) {
  begin(near, {200});
  far.begin({300});
  victim.ended(far.link());
  EXPECT_FALSE(near.hear_a<Linked>());
  victim.pass(kLinger);
  const auto linked = near.hear_a<Linked>();
  ASSERT_TRUE(linked);
  EXPECT_THAT(linked->runs, ElementsAre(crdt::ReplicaId{200}));
  EXPECT_FALSE(near.hear_a<Linked>());
}

Push push_of(std::uint64_t row) {
  return {row, true, forged_change(HostilePeer::kRun, row == 1 ? 1 : 2)};
}

TEST(PeerPark, APushIsParkedAsLongAsTheConfigSays) {
  gossip::Config config;
  config.park_for = 1s;
  LonePeer victim({hostile_config(1, "near")}, config);
  HostilePeer near(victim, 1);
  near.begin();
  (void)near.hear();
  near.say(Push{1, false, forged_change(kThird, 2)});
  victim.pass(999ms);
  EXPECT_FALSE(near.hear_a<Resume>());
  victim.pass(1ms);
  EXPECT_TRUE(near.hear_a<Resume>());
}

// Such a change used to wait for offer_after, though nobody else would bring it.
TEST(PeerOffer, AChangeMadeWhileAScanEndsIsOfferedAtOnce) {
  gossip::Config config;
  config.offer_after = 1h;
  LonePeer victim({hostile_config(1, "near")}, config);
  HostilePeer near(victim, 1);
  near.begin();
  near.say(Resume{1, {}});
  const auto tail = near.hear_a<Offer>();
  ASSERT_TRUE(tail && tail->tail);
  victim.write("k", "p", "made meanwhile");
  EXPECT_FALSE(near.hear_a<Push>());
  near.say(Resolved{1, tail->to});
  const auto offer = near.hear_a<Offer>();
  ASSERT_TRUE(offer);
  EXPECT_THAT(offer->documents, SizeIs(1));
}

// What was on its way between two peers that lost each other is not left to wait.
TEST(PeerOffer, AChangeOfWhoAPeerLostItsLinkToIsOfferedAtOnce) {
  for (const bool near_tells : {true, false}) {
    gossip::Config config;
    config.offer_after = 1h;
    LonePeer victim({hostile_config(1, "near"), hostile_config(2, "far")}, config);
    HostilePeer near(victim, 1);
    HostilePeer far(victim, 2);
    near.begin({200});
    far.begin({300});
    near.say(Linked{{crdt::ReplicaId{300}}});
    far.say(Linked{{crdt::ReplicaId{200}}});
    near.say(Resume{1, {}});
    const auto tail = near.hear_a<Offer>();
    ASSERT_TRUE(tail && tail->tail);
    near.say(Resolved{1, tail->to});
    far.say(Push{1, true, forged_change({300}, 1)});
    victim.pass(1s);
    EXPECT_FALSE(near.hear_a<Offer>());
    (near_tells ? near : far).say(Linked{{}});
    victim.pass(1ms);
    const auto offer = near.hear_a<Offer>();
    ASSERT_TRUE(offer);
    EXPECT_THAT(offer->sources, ElementsAre(crdt::Cursor{{300}, 1}));
  }
}

// Each change used to end in as many offers at once as there are pairs of peers.
TEST(PeerOffer, WithManyLinksOffersOfThirdPeersChangesSpreadOverTime) {
  constexpr std::uint8_t kPeers = 2 * Peer::kOffersAtOnce + 1;
  gossip::Config config;
  config.offer_after = 1s;
  std::vector<gossip::PeerConfig> known;
  for (std::uint8_t i = 1; i <= kPeers; ++i) {
    known.push_back(hostile_config(i, "peer" + std::to_string(i)));
  }
  LonePeer victim(known, config);
  std::deque<HostilePeer> peers;
  std::vector<crdt::ReplicaId> runs;
  for (std::uint8_t i = 1; i <= kPeers; ++i) {
    HostilePeer& peer = peers.emplace_back(victim, i);
    const crdt::ReplicaId run{i == 1 ? HostilePeer::kRun.value : 1'000U + i};
    runs.push_back(run);
    peer.begin(run);
    peer.say(Resume{1, {}});
    peer.say(Resolved{1, 0});
    (void)peer.hear();
  }
  peers.front().say(Linked{runs});  // They get the change from there.
  peers.front().say(Push{1, true, forged_change(HostilePeer::kRun, 1)});
  const auto offered = [&] {
    std::size_t count = 0;
    for (HostilePeer& peer : peers) count += peer.hear_a<Offer>() ? 1 : 0;
    return count;
  };
  victim.pass(999ms);
  EXPECT_EQ(offered(), 0U);
  victim.pass(1s);
  const std::size_t early = offered();
  EXPECT_GT(early, 0U);
  EXPECT_LT(early, std::size_t{kPeers});
  victim.pass(1s);
  EXPECT_EQ(early + offered(), std::size_t{kPeers});
}

TEST(PeerCursor, WhatAnOfferMovesIsStoredWithTheNextPushOrSomeTimeLater) {
  LonePeer victim({hostile_config(1, "near")});
  HostilePeer near(victim, 1);
  const auto stored = [&] {
    std::uint64_t seq = 0;
    victim.batch([&](Peer&, crdt::Repository& repository) {
      const auto key = public_key_of(test::hostile_key(1));
      seq = repository.cursor(gossip::view_of(key.bytes)).seq;
    });
    return seq;
  };
  near.begin();
  near.say(Offer{1, 0, 0, true, {}, {}, {}});
  near.say(push_of(1));
  EXPECT_EQ(stored(), 1U);
  near.say(Offer{1, 1, 4, true, {}, {}, {}});  // Rows that are stale by now.
  ASSERT_TRUE(near.hear_a<Resolved>());
  EXPECT_EQ(stored(), 1U);
  victim.pass(Peer::kStoreCursorsAfter);
  EXPECT_EQ(stored(), 4U);
  near.say(Offer{1, 4, 6, true, {}, {}, {}});
  EXPECT_EQ(stored(), 4U);
  near.say(push_of(7));
  EXPECT_EQ(stored(), 7U);
}

TEST(PeerOffer, PushesToAllOnlyOnceEveryPeerHasSeenTheLogsEnd) {
  LonePeer victim({hostile_config(1, "near")});
  HostilePeer near(victim, 1);
  const auto pushes = [&] {
    bool all = false;
    victim.batch([&](Peer& peer, crdt::Repository&) { all = peer.pushes_to_all(); });
    return all;
  };
  EXPECT_FALSE(pushes());
  near.begin();
  near.say(Resume{1, {}});
  EXPECT_FALSE(pushes());
  near.say(Resolved{1, 0});
  EXPECT_TRUE(pushes());
}

}  // namespace

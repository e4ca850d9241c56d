// What a Peer vouches for: an acknowledgement, a settled offer and a covered source each say "that
// is durable here", so none may be said early.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hostile_peer.h"

namespace {

using gossip::Expand;
using gossip::Offer;
using gossip::Push;
using gossip::Pushed;
using gossip::Resolved;
using gossip::Resume;
using test::forged_change;
using test::HostilePeer;
using testing::UnorderedElementsAre;

constexpr crdt::ReplicaId kThird{123};  // Its changes come by way of others.
constexpr crdt::ReplicaId kNear{200};
constexpr crdt::ReplicaId kFar{300};

class PeerVouch : public testing::Test {
 protected:
  // Links as `run` and returns the number of the scan that the victim began.
  std::uint32_t link(HostilePeer& peer, crdt::ReplicaId run) {
    peer.begin(run);
    const auto resume = peer.hear_a<Resume>();
    return resume ? resume->scan : 0;
  }

  test::LonePeer victim{{test::hostile_config(1, "near"), test::hostile_config(2, "far")}};
  HostilePeer near{victim, 1};
  HostilePeer far{victim, 2};
};

TEST_F(PeerVouch, APushThatWaitsIsAcknowledgedOnlyWhenItIsStored) {
  link(near, kNear);
  near.say(Push{2, false, forged_change(kThird, 2)});
  EXPECT_FALSE(near.hear_a<Pushed>());
  near.say(Push{1, false, forged_change(kThird, 1)});
  const auto pushed = near.hear_a<Pushed>();
  ASSERT_TRUE(pushed);
  EXPECT_THAT(pushed->seqs, UnorderedElementsAre(1, 2));
}

TEST_F(PeerVouch, AnOfferIsNotSettledOverAPushThatWaits) {
  const std::uint32_t scan = link(near, kNear);
  near.say(Push{1, false, forged_change(kThird, 2)});
  near.say(Offer{scan, 0, 1, true, {}, {}, {}});
  EXPECT_FALSE(near.hear_a<Resolved>());
  link(far, kFar);
  far.say(Push{1, false, forged_change(kThird, 1)});
  EXPECT_TRUE(near.hear_a<Resolved>());
}

TEST_F(PeerVouch, ASourceIsCoveredAsFarAsItsOwnLogIsAndNoFurther) {
  const std::uint32_t scan_of_far = link(far, kFar);
  far.say(Offer{scan_of_far, 0, 3, true, {}, {}, {}});
  ASSERT_TRUE(far.hear_a<Resolved>());
  const std::uint32_t scan = link(near, kNear);
  near.say(Offer{scan, 0, 1, false, {{kFar, 3}}, {}, {}});
  EXPECT_TRUE(near.hear_a<Resolved>());
  near.say(Offer{scan, 1, 2, false, {{kFar, 4}}, {}, {}});
  EXPECT_TRUE(near.hear_a<Expand>());
}

TEST_F(PeerVouch, AnOfferIsNotSettledBeforeTheOnesAheadOfIt) {
  const std::uint32_t scan = link(near, kNear);
  near.say_all({Offer{scan, 0, 1, false, {}, {{"k", 1}}, {}}, Offer{scan, 1, 2, true, {}, {}, {}}});
  EXPECT_FALSE(near.hear_a<Resolved>());
  EXPECT_NE(victim.status().our_cursor, 2u);
}

TEST_F(PeerVouch, ALackedSourceBringsItsOfferAgainAndThoseBehindIt) {
  const std::uint32_t scan = link(near, kNear);
  near.say_all(
      {Offer{scan, 0, 1, false, {{kFar, 3}}, {}, {}}, Offer{scan, 1, 2, true, {}, {}, {}}});
  const auto expand = near.hear_a<Expand>();
  ASSERT_TRUE(expand);
  EXPECT_EQ(expand->from, 0u);
  near.say_all({Offer{scan, 0, 1, false, {}, {}, {}}, Offer{scan, 1, 2, true, {}, {}, {}}});
  const auto heard = near.hear();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(std::get<Resolved>(heard.back()).to, 2u);
}

}  // namespace

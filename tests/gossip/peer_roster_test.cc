#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gossip/peer.h"
#include "tests/support/mesh.h"
#include "tests/support/roster_entries.h"

namespace {

using gossip::Member;
using gossip::PublicKey;
using gossip::RosterState;
using test::Mesh;
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;
using tests::kCluster;
using tests::Membership;

// A cluster that an operator made: no configuration lists a peer.
class RosterMesh {
 public:
  explicit RosterMesh(std::size_t nodes, bool listed = false)
      : mesh(nodes, 11, [&](std::size_t at, gossip::Config& config) {
          config.peers.clear();
          config.identity = tests::identity(name(at));
          set_up(config);
          for (std::size_t i = 0; i < nodes; ++i) {
            const Member founder = member(i, RosterState::kActive, 1);
            config.roster.push_back(by_operator(founder));
            if (!listed || i == at) continue;
            config.peers.push_back({founder.name, founder.address, founder.node_key});
          }
        }) {}

  void set_up(gossip::Config& config) const {
    config.operators = {verify_key_of(world.operator_seed)};
    config.cluster_secret.emplace();
    config.member_secrets = "shared";
  }
  static std::string name(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }
  static Member member(std::size_t i, RosterState state, std::uint64_t version) {
    Member about = tests::member(name(i), state, version);
    about.address = std::to_string(i);
    return about;
  }
  [[nodiscard]] crdt::Record by_operator(const Member& about) const {
    return to_record(kCluster, world.by_operator(about));
  }
  void stand(std::size_t i, RosterState state, std::uint64_t version, std::size_t at = 0) {
    ASSERT_TRUE(mesh.submit(at, by_operator(member(i, state, version))).has_value());
  }

  [[nodiscard]] gossip::Token token(std::uint8_t number, std::size_t sponsor = 0,
                                    int expires = 1'000'000) const {
    gossip::TokenId id{};
    id.fill(number);
    return {kCluster,
            make_permit(kCluster, world.operator_seed, id, tests::wall(expires), 'x',
                        verify_key_of(tests::seed(number))),
            gossip::hash_of({verify_key_of(world.operator_seed)}),
            tests::seed(number),
            gossip::joining_key({}, id),
            {{std::to_string(sponsor), key(sponsor)}}};
  }
  // A new node with this name's identity, whose address will be `index`.
  static gossip::JoinRequest request(const gossip::Token& token, const std::string& name,
                                     std::size_t index) {
    Member about = tests::member(name, RosterState::kJoining);
    about.letter = token.permit.letter;
    about.address = std::to_string(index);
    return {token.permit, about, sign_with_token(kCluster, about, token.seed)};
  }
  crdt::Result<gossip::JoinAnswer> join(const gossip::Token& token, const std::string& name,
                                        std::size_t index, std::size_t sponsor = 0) {
    return mesh.join(sponsor, token, tests::identity(name), request(token, name, index));
  }
  // Starts the node that got this answer.
  std::size_t add(const std::string& name, const gossip::JoinAnswer& answer) {
    gossip::Config config;
    config.cluster = kCluster;
    config.identity = tests::identity(name);
    config.roster = answer.entries;
    set_up(config);
    return mesh.add(config);
  }
  RosterState state(std::size_t at, const PublicKey& key) {
    const gossip::Standing* standing = mesh.peer(at).roster().find(key);
    EXPECT_NE(standing, nullptr);
    return standing == nullptr ? RosterState::kRemoved : standing->member.state;
  }
  static PublicKey key(std::size_t i) { return public_key_of(tests::identity(name(i))); }
  std::size_t linked(std::size_t at) {
    const auto all = mesh.status(at);
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [](const auto& peer) { return peer.state == "linked"; }));
  }
  void deliver() {
    while (mesh.deliver_one()) {
    }
  }

  Membership world;
  Mesh mesh;
};

TEST(PeerRoster, PeersThatOnlyTheRosterNamesLink) {
  RosterMesh roster(3);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.write(0, "k", "p", "v");
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.mesh.read(2, "k", "p"), "v");
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(roster.linked(i), 2U);
  EXPECT_TRUE(roster.mesh.equal());
}

TEST(PeerRoster, AJoinerIsLinkedByEveryPeerWithoutARestartAndBecomesActive) {
  RosterMesh roster(3);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.write(1, "k", "p", "v");
  const auto answer = roster.join(roster.token(1), "x", 3);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  ASSERT_EQ(answer->refusal, "");
  EXPECT_EQ(answer->secrets, "shared");
  const std::size_t joiner = roster.add("x", *answer);
  ASSERT_TRUE(roster.mesh.settle());
  ASSERT_TRUE(roster.mesh.settle());  // Until the others know that it is active.
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(roster.linked(i), 3U) << i;
    EXPECT_EQ(roster.state(i, public_key_of(tests::identity("x"))), RosterState::kActive) << i;
  }
  EXPECT_EQ(roster.mesh.read(joiner, "k", "p"), "v");
  EXPECT_TRUE(roster.mesh.equal());
}

TEST(PeerRoster, ARemovedPeerLosesItsLinksEverywhereBeforeAnyTimePasses) {
  RosterMesh roster(4);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.write(3, "k", "p", "before");
  ASSERT_TRUE(roster.mesh.settle());
  roster.stand(3, RosterState::kRemoved, 2);
  roster.deliver();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(roster.linked(i), 2U) << i;
  EXPECT_EQ(roster.linked(3), 0U);
  roster.mesh.write(3, "k", "p", "after");
  roster.mesh.restart(3);
  roster.mesh.restart(0);
  static_cast<void>(roster.mesh.settle(10));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(roster.mesh.read(i, "k", "p"), "before") << i;
  EXPECT_EQ(roster.linked(0), 2U);
}

TEST(PeerRoster, ARemovedEntryWinsOverALineOfTheConfiguration) {
  RosterMesh roster(3, true);
  ASSERT_TRUE(roster.mesh.settle());
  roster.stand(2, RosterState::kRemoved, 2);
  roster.deliver();
  roster.mesh.restart(0);
  static_cast<void>(roster.mesh.settle(10));
  EXPECT_EQ(roster.linked(0), 1U);
  EXPECT_THAT(roster.mesh.status(0), SizeIs(1));
}

// Filtering them would lose what was acknowledged.
TEST(PeerRoster, ChangesOfARemovedPeerThatOthersRelayAreTaken) {
  RosterMesh roster(3);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.cut(0, 1);
  roster.mesh.cut(2, 1);
  roster.mesh.write(2, "k", "p", "acknowledged");
  roster.deliver();
  roster.stand(2, RosterState::kRemoved, 2, 1);
  roster.stand(2, RosterState::kRemoved, 2, 0);
  roster.deliver();
  roster.mesh.heal();
  static_cast<void>(roster.mesh.settle(10));
  EXPECT_EQ(roster.mesh.read(1, "k", "p"), "acknowledged");
}

TEST(PeerRoster, AForgedEntryIsRefusedCountedNamedAndNotStored) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  ASSERT_TRUE(roster.mesh.settle());
  const std::uint64_t records = roster.mesh.digest(1).records;
  Membership stranger;
  stranger.operator_seed = tests::seed(7);
  const crdt::Record forged = to_record(kCluster, stranger.founder());
  roster.mesh.insert(0, {forged, {"t1", "honest"}});
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.mesh.digest(1).records, records + 1);
  EXPECT_EQ(roster.mesh.peer(1).roster_refusals(), 1U);
  EXPECT_THAT(roster.mesh.peer(1).last_refusals(),
              Contains(AllOf(HasSubstr("is no operator here"), HasSubstr("passed it on"))));
  // Nor by a scan, which asks for what it lacks by name.
  roster.mesh.restart(1);
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.mesh.digest(1).records, records + 1);
}

TEST(PeerRoster, WhatAnOperatorHandsInIsJudgedToo) {
  RosterMesh roster(1);
  Membership stranger;
  stranger.operator_seed = tests::seed(7);
  const auto refused = roster.mesh.submit(0, to_record(kCluster, stranger.founder()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("is no operator here"));
  EXPECT_THAT(roster.mesh.submit(0, {"t1", "v"}).error().message, HasSubstr("no roster entry"));
}

TEST(PeerRoster, ATokenIsForOneKeyAndForItsTime) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  ASSERT_EQ(roster.join(roster.token(1), "x", 2)->refusal, "");
  EXPECT_THAT(roster.join(roster.token(1), "y", 2)->refusal, HasSubstr("used already, by x"));
  roster.deliver();  // To the other peer, which knows it from then on.
  EXPECT_THAT(roster.join(roster.token(1, 1), "y", 2, 1)->refusal, HasSubstr("used already"));
  EXPECT_THAT(roster.join(roster.token(2, 0, 10), "y", 2)->refusal, HasSubstr("expired"));
  EXPECT_EQ(roster.mesh.peer(0).roster_refusals(), 2U);
}

TEST(PeerRoster, AnInvitationReachesEveryPeerAndAWithdrawnTokenLetsNobodyInAnywhere) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  const gossip::Token token = roster.token(1, 1);
  ASSERT_TRUE(roster.mesh.submit(0, to_record(kCluster, token.permit)).has_value());
  roster.deliver();
  EXPECT_THAT(roster.mesh.peer(1).roster().outstanding(tests::wall(0)), SizeIs(1));
  roster.mesh.restart(1);
  EXPECT_THAT(roster.mesh.peer(1).roster().outstanding(tests::wall(0)), SizeIs(1));
  ASSERT_TRUE(roster.mesh.settle());
  const auto gone = gossip::withdraw(kCluster, roster.world.operator_seed, token.permit.id);
  ASSERT_TRUE(roster.mesh.submit(0, to_record(kCluster, gone)).has_value());
  roster.deliver();
  EXPECT_THAT(roster.join(token, "x", 2, 1)->refusal, HasSubstr("withdrawn by an operator"));
}

// Two joiners that hold nothing would otherwise vouch for each other.
TEST(PeerRoster, AJoinerIsNotMadeActiveByAnotherOne) {
  RosterMesh roster(1);
  gossip::Token second = roster.token(2);
  second.permit.letter = 'y';
  second.permit = make_permit(kCluster, roster.world.operator_seed, second.permit.id,
                              tests::wall(1'000'000), 'y', second.permit.token_key);
  ASSERT_EQ(roster.join(roster.token(1), "x", 1)->refusal, "");
  const auto y = roster.join(second, "y", 2);
  const auto x = roster.join(roster.token(1), "x", 1);  // Asked again, it hears of the other one.
  ASSERT_EQ(x->refusal + y->refusal, "");
  const std::size_t one = roster.add("x", *x);
  const std::size_t two = roster.add("y", *y);
  roster.mesh.cut(0, one);
  roster.mesh.cut(0, two);
  static_cast<void>(roster.mesh.settle(10));
  ASSERT_EQ(roster.linked(one) + roster.linked(two), 2U);
  for (const char* name : {"x", "y"}) {
    EXPECT_EQ(roster.state(two, public_key_of(tests::identity(name))), RosterState::kJoining);
  }
  roster.mesh.heal();
  ASSERT_TRUE(roster.mesh.settle());
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.state(0, public_key_of(tests::identity("y"))), RosterState::kActive);
}

TEST(PeerRoster, ASessionWithAJoinerDoesNotEndCatchingUp) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  const auto answer = roster.join(roster.token(1), "x", 2);
  ASSERT_EQ(answer->refusal, "");
  const std::size_t joiner = roster.add("x", *answer);
  roster.mesh.cut(0, 1);
  roster.mesh.cut(1, joiner);
  roster.mesh.mark_catching_up(0);
  roster.mesh.restart(0);
  static_cast<void>(roster.mesh.settle(10));
  EXPECT_EQ(roster.linked(0), 1U);
  EXPECT_THAT(roster.mesh.catching_up(0), testing::Not(testing::IsEmpty()));
  roster.mesh.heal();
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_THAT(roster.mesh.catching_up(0), testing::IsEmpty());
}

// Its cursor had moved past it, so no peer would have offered it again.
TEST(PeerRoster, WhatWasRefusedUnderOtherOperatorsIsAskedForAgainOnceTheyAreKnown) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  Membership second;
  second.operator_seed = tests::seed(7);
  gossip::Config wider = roster.mesh.config(0);
  wider.operators.insert(verify_key_of(second.operator_seed));
  roster.mesh.restart(0, wider);
  ASSERT_TRUE(roster.mesh.settle());
  Member drained = RosterMesh::member(1, RosterState::kDraining, 2);
  const crdt::Record entry = to_record(kCluster, second.by_operator(drained));
  ASSERT_TRUE(roster.mesh.submit(0, entry).has_value());
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.state(1, RosterMesh::key(1)), RosterState::kActive);
  gossip::Config taught = roster.mesh.config(1);
  taught.operators = wider.operators;
  roster.mesh.restart(1, taught);
  ASSERT_TRUE(roster.mesh.settle());
  EXPECT_EQ(roster.state(1, RosterMesh::key(1)), RosterState::kDraining);
  EXPECT_TRUE(roster.mesh.equal());
}

TEST(PeerRoster, ANodeThatWasRemovedDialsNobodyAnyMore) {
  RosterMesh roster(3);
  ASSERT_TRUE(roster.mesh.settle());
  // At the node itself: what others would tell it is lost with the link that they close.
  roster.stand(2, RosterState::kRemoved, 2, 2);
  roster.deliver();
  EXPECT_THAT(roster.mesh.status(2), SizeIs(0));
  roster.mesh.restart(2);
  roster.mesh.pass(std::chrono::seconds(30));
  EXPECT_THAT(roster.mesh.status(2), SizeIs(0));
  EXPECT_THAT(roster.mesh.notices(), Contains(HasSubstr("removed this node from the cluster")));
}

TEST(PeerRoster, APeerOfAFixedClusterWarnsOfAnothersEqualLetter) {
  Mesh mesh(2, 5, [](std::size_t, gossip::Config& config) { config.letter = 'b'; });
  ASSERT_TRUE(mesh.settle());
  EXPECT_THAT(mesh.notices(), Contains(HasSubstr("has this peer's letter in task numbers, b")));
  EXPECT_EQ(mesh.status(0).front().letter, 'b');
}

TEST(PeerRoster, APeerThatIsCatchingUpLetsNobodyIn) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.cut(0, 1);
  roster.mesh.mark_catching_up(0);
  EXPECT_THAT(roster.join(roster.token(1), "x", 2)->refusal, HasSubstr("catching up"));
  EXPECT_EQ(roster.join(roster.token(1, 1), "x", 2, 1)->refusal, "");
}

TEST(PeerRoster, TwoKeysUnderOneTokenInASplitBothStayFlaggedEverywhere) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  roster.mesh.cut(0, 1);
  ASSERT_EQ(roster.join(roster.token(1, 0), "x", 2, 0)->refusal, "");
  ASSERT_EQ(roster.join(roster.token(1, 1), "y", 3, 1)->refusal, "");
  roster.mesh.heal();
  static_cast<void>(roster.mesh.settle(10));
  for (std::size_t at = 0; at < 2; ++at) {
    for (const char* name : {"x", "y"}) {
      const auto* standing =
          roster.mesh.peer(at).roster().find(public_key_of(tests::identity(name)));
      ASSERT_NE(standing, nullptr);
      EXPECT_THAT(standing->flags, Contains(HasSubstr("same token")));
    }
  }
}

TEST(PeerRoster, WhoeverHailsForLongAndSaysNoMoreIsClosed) {
  RosterMesh roster(1);
  gossip::Token token = roster.token(1);
  token.cluster = "other";
  EXPECT_FALSE(roster.join(token, "x", 1).has_value());
  EXPECT_EQ(roster.linked(0), 0U);
}

TEST(PeerRoster, APeerThatIsJoiningDoesNotMakeTheClusterIncomplete) {
  RosterMesh roster(2);
  ASSERT_TRUE(roster.mesh.settle());
  ASSERT_TRUE(roster.mesh.peer(0).complete());
  ASSERT_EQ(roster.join(roster.token(1), "x", 2)->refusal, "");
  EXPECT_TRUE(roster.mesh.peer(0).complete());
}

// A node that moved says so itself; the others dial it where it is.
TEST(PeerRoster, ANodeWithANewAddressTellsTheOthers) {
  RosterMesh roster(3);
  ASSERT_TRUE(roster.mesh.settle());
  Member moved = RosterMesh::member(1, RosterState::kActive, 2);
  moved.address = "2";
  ASSERT_TRUE(roster.mesh.submit(0, roster.by_operator(moved)).has_value());
  roster.deliver();
  const auto all = roster.mesh.status(2);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& peer) {
    return peer.name == "b" && peer.address == "2";
  }));
}

}  // namespace

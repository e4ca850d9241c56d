#include "gossip/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::kCluster;
using tests::member;
using tests::Membership;

const PublicKey kA = public_key_of(tests::identity("a"));
const PublicKey kB = public_key_of(tests::identity("b"));
const PublicKey kC = public_key_of(tests::identity("c"));

Roster roster_of(const std::vector<RosterEntry>& entries, const Membership& world = {}) {
  Roster roster(kCluster, {verify_key_of(world.operator_seed)});
  for (const RosterEntry& entry : entries) {
    const crdt::Record record = to_record(kCluster, entry);
    EXPECT_EQ(roster.judge(record), std::nullopt);
    roster.insert(record);
  }
  return roster;
}

RosterState state_of(const Roster& roster, const PublicKey& key) {
  const Standing* standing = roster.find(key);
  EXPECT_NE(standing, nullptr);
  return standing == nullptr ? RosterState::kRemoved : standing->member.state;
}

TEST(Roster, AdmitsWhomAnOperatorNamesAndWhomASponsorLetIn) {
  const Membership world;
  const Roster roster = roster_of({world.founder(), world.joined("b", 1)});
  EXPECT_EQ(state_of(roster, kA), RosterState::kActive);
  EXPECT_EQ(state_of(roster, kB), RosterState::kJoining);
  EXPECT_THAT(roster.find(kA)->signed_by, HasSubstr("operator"));
  EXPECT_THAT(roster.find(kB)->signed_by, HasSubstr("sponsor"));
}

TEST(Roster, RefusesAnUnknownOperatorAndSaysWho) {
  Membership stranger;
  stranger.operator_seed = tests::seed(7);
  const Roster roster = roster_of({});
  EXPECT_THAT(*roster.judge(to_record(kCluster, stranger.founder())),
              HasSubstr("is no operator here"));
  EXPECT_THAT(*roster.judge(to_record(kCluster, stranger.joined("b", 1))),
              HasSubstr("who is no operator here"));
}

TEST(Roster, LetsEveryOtherKindOfRecordPass) {
  EXPECT_EQ(roster_of({}).judge(crdt::Record{"tX", "anything"}), std::nullopt);
}

TEST(Roster, WaitsForASponsorThatItDoesNotKnowYet) {
  const Membership world;
  Roster roster = roster_of({world.joined("b", 1)});
  EXPECT_EQ(roster.find(kB), nullptr);
  EXPECT_THAT(roster.waiting(), ElementsAre("b"));
  roster.insert(to_record(kCluster, world.founder()));
  EXPECT_EQ(state_of(roster, kB), RosterState::kJoining);
  EXPECT_THAT(roster.waiting(), IsEmpty());
}

// Whoever holds an expired token would otherwise let itself in.
TEST(Roster, AJoinerIsNotItsOwnSponsor) {
  const Membership world;
  const Roster roster = roster_of({world.founder(), world.joined("b", 1, "b")});
  EXPECT_EQ(roster.find(kB), nullptr);
}

TEST(Roster, ANodeMayMoveAndBecomeActiveByItself) {
  const Membership world;
  Member moved = world.joined("b", 1).member;
  moved.version = 2;
  moved.state = RosterState::kActive;
  moved.address = "elsewhere:1";
  const Roster roster = roster_of({world.founder(), world.joined("b", 1),
                                   sign_as_self(kCluster, moved, tests::node_seed("b"))});
  EXPECT_EQ(roster.find(kB)->member.address, "elsewhere:1");
  EXPECT_EQ(state_of(roster, kB), RosterState::kActive);
}

// An operator could not sign a later version than the greatest there is.
TEST(Roster, ANodeCannotLeapAheadOfItsOperators) {
  const Membership world;
  Roster roster = roster_of({world.founder(), world.self("a", 3)});
  EXPECT_EQ(roster.find(kA)->member.version, 1U);
  roster.insert(to_record(kCluster, world.self("a", 2)));
  EXPECT_EQ(roster.find(kA)->member.version, 3U);
  EXPECT_THAT(roster.judge(to_record(kCluster, world.self("a", kSelfVersionMax + 1))),
              testing::Optional(HasSubstr("no version so high")));
  EXPECT_EQ(roster.judge(to_record(kCluster, world.by_operator(member("a", RosterState::kActive,
                                                                      kSelfVersionMax + 1)))),
            std::nullopt);
}

TEST(Roster, FlagsAnAddressThatTwoNodesHave) {
  const Membership world;
  Member twin = member("b", RosterState::kActive);
  twin.address = "a:7100";
  const Roster roster = roster_of({world.founder(), world.by_operator(twin)});
  EXPECT_THAT(roster.find(kA)->flags, ElementsAre(HasSubstr("same address")));
}

TEST(Roster, ANodeMayNotTakeAnotherNameOrLetterByItself) {
  const Membership world;
  Member renamed = member("a", RosterState::kActive, 2);
  renamed.name = "b";
  const Roster roster =
      roster_of({world.founder(), sign_as_self(kCluster, renamed, tests::node_seed("a"))});
  EXPECT_EQ(roster.find(kA)->member.name, "a");
}

TEST(Roster, AWordAboutOneselfAdmitsNobody) {
  const Membership world;
  EXPECT_EQ(roster_of({world.founder(), world.self("c", 5)}).find(kC), nullptr);
}

TEST(Roster, RemovedAbsorbsLaterVersions) {
  const Membership world;
  const Roster roster =
      roster_of({world.founder(), world.by_operator(member("a", RosterState::kRemoved, 2)),
                 world.self("a", 1'000'000)});
  EXPECT_TRUE(roster.removed(kA));
}

TEST(Roster, FlagsTwoEntriesOfOneVersionUntilALaterOneSettlesThem) {
  const Membership world;
  Member here = member("a", RosterState::kActive, 2);
  here.address = "here:1";
  Member there = here;
  there.address = "there:1";
  Roster roster = roster_of({world.founder(), world.by_operator(here), world.by_operator(there)});
  EXPECT_THAT(roster.find(kA)->flags, ElementsAre(HasSubstr("version 2 differ")));
  here.version = 3;
  roster.insert(to_record(kCluster, world.by_operator(here)));
  EXPECT_THAT(roster.find(kA)->flags, IsEmpty());
  EXPECT_EQ(roster.find(kA)->member.address, "here:1");
}

TEST(Roster, TwoKeysUnderOneTokenBothStayFlaggedUntilOneIsRemoved) {
  const Membership world;
  Roster roster = roster_of({world.founder(), world.joined("b", 1), world.joined("c", 1)});
  EXPECT_THAT(roster.find(kB)->flags, Contains(HasSubstr("same token")));
  EXPECT_THAT(roster.find(kC)->flags, Contains(HasSubstr("same token")));
  EXPECT_THAT(roster.joined_with(world.permit(1).id), SizeIs(2));
  Member gone = roster.find(kC)->member;
  gone.state = RosterState::kRemoved;
  gone.version = 2;
  roster.insert(to_record(kCluster, world.by_operator(gone)));
  EXPECT_THAT(roster.find(kB)->flags, IsEmpty());
}

TEST(Roster, KeepsThoseWhomARemovedSponsorLetIn) {
  const Membership world;
  const Roster roster = roster_of({world.founder(), world.joined("b", 1),
                                   world.by_operator(member("a", RosterState::kRemoved, 2))});
  EXPECT_EQ(state_of(roster, kB), RosterState::kJoining);
}

// Peers get entries in whatever order gossip brings them.
RC_GTEST_PROP(RosterLaw, TheFoldDependsOnTheSetOfEntriesAlone, ()) {
  const Membership world;
  std::vector<RosterEntry> entries = {world.founder(), world.joined("b", 1),
                                      world.joined("c", 2, "b"), world.joined("d", 1, "c")};
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    for (std::uint64_t version = 1; version < 4; ++version) {
      const auto state = static_cast<RosterState>(*rc::gen::inRange(0, 4));
      const Member about = member(name, state, version);
      const bool by_operator = *rc::gen::arbitrary<bool>() || state == RosterState::kRemoved;
      entries.push_back(by_operator ? world.by_operator(about) : world.self(name, version));
    }
  }
  entries.resize(*rc::gen::inRange<std::size_t>(0, entries.size() + 1));
  Roster forth(kCluster, {verify_key_of(world.operator_seed)});
  for (const auto& entry : entries) forth.insert(to_record(kCluster, entry));
  for (std::size_t i = entries.size(); i > 1; --i) {
    std::swap(entries[i - 1], entries[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  Roster back(kCluster, {verify_key_of(world.operator_seed)});
  for (const auto& entry : entries) back.insert(to_record(kCluster, entry));
  RC_ASSERT(forth.members() == back.members());
}

}  // namespace
}  // namespace gossip

#include "gossip/letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::HasSubstr;
using testing::Optional;
using tests::kCluster;
using tests::Membership;
using tests::wall;

// A cluster of "a" alone.
struct World {
  Membership membership;
  Roster roster{kCluster, {verify_key_of(membership.operator_seed)}};

  World() { roster.insert(to_record(kCluster, membership.founder())); }

  // Gives a token out, as `muster invite` does.
  char invite(std::uint8_t token) {
    const char letter = free_letter(roster, wall(0));
    roster.insert(to_record(kCluster, membership.permit(token, letter)));
    return letter;
  }
};

TEST(Letters, OfTokensThatAreGivenOutBeforeAnyoneJoinsDiffer) {
  World world;
  EXPECT_EQ(world.invite(1), 'b');
  EXPECT_EQ(world.invite(2), 'c');
  EXPECT_EQ(world.invite(3), 'd');
}

TEST(Letters, OfTokensThatExpiredOrWereWithdrawnAreFreeAgain) {
  World world;
  world.invite(1);
  world.invite(2);
  EXPECT_EQ(free_letter(world.roster, wall(1000)), 'b');
  const TokenId id = world.membership.permit(1).id;
  world.roster.insert(to_record(kCluster, withdraw(kCluster, world.membership.operator_seed, id)));
  EXPECT_EQ(free_letter(world.roster, wall(0)), 'b');
}

TEST(Letters, BelongToAMemberOrToWhoeverComesWithTheToken) {
  World world;
  world.invite(1);
  EXPECT_THAT(owner_of(world.roster, 'a', wall(0)), Optional(HasSubstr("a")));
  EXPECT_THAT(owner_of(world.roster, 'b', wall(0)), Optional(HasSubstr("token 01010101")));
  EXPECT_EQ(owner_of(world.roster, 'c', wall(0)), std::nullopt);
  EXPECT_EQ(member_with(world.roster, 'b'), std::nullopt);
  world.roster.insert(to_record(kCluster, world.membership.joined("b", 1)));
  EXPECT_EQ(member_with(world.roster, 'b'), "b");
}

// People saw its tasks; but better its letter again than one that somebody has.
TEST(Letters, OfARemovedNodeAreGivenAgainWhenAllOthersAreTaken) {
  World world;
  Member gone = tests::member("b", RosterState::kRemoved);
  world.roster.insert(to_record(kCluster, world.membership.by_operator(gone)));
  std::set<char> given;
  for (std::uint8_t token = 1; token <= 24; ++token) given.insert(world.invite(token));
  EXPECT_EQ(given.size(), 24U);
  EXPECT_FALSE(given.contains('b'));
  EXPECT_EQ(member_with(world.roster, 'b'), std::nullopt);
}

TEST(Letters, AreSharedWhereThereAreMoreNodesThanLetters) {
  World world;
  for (std::uint8_t token = 1; token <= 25; ++token) world.invite(token);
  EXPECT_EQ(owner_of(world.roster, 'a', wall(0)), std::nullopt);
  EXPECT_EQ(world.invite(26), 'a');
}

}  // namespace
}  // namespace gossip

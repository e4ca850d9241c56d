#include "gossip/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::HasSubstr;
using tests::identity;
using tests::kCluster;
using tests::member;
using tests::Membership;
using tests::wall;

// A sponsor "a" with its roster, and joiners that ask it.
struct World {
  Membership membership;
  Roster roster{kCluster, {verify_key_of(membership.operator_seed)}};

  World() { roster.insert(to_record(kCluster, membership.founder())); }

  [[nodiscard]] JoinRequest request(const std::string& name, std::uint8_t token = 1) const {
    Member about = member(name, RosterState::kJoining);
    about.letter = 'b';
    return {membership.permit(token), about, sign_with_token(kCluster, about, tests::seed(token))};
  }
  crdt::Result<RosterEntry> ask(const JoinRequest& request, int now = 500) {
    auto entry =
        judge_join(roster, request, request.member.node_key, wall(now), tests::node_seed("a"));
    if (entry) roster.insert(to_record(kCluster, *entry));
    return entry;
  }
  std::string refusal(const JoinRequest& request, int now = 500) {
    const auto entry = ask(request, now);
    return entry ? "" : entry.error().message;
  }
};

TEST(JudgeJoin, LetsTheHolderOfATokenIn) {
  World world;
  const auto entry = world.ask(world.request("b"));
  ASSERT_TRUE(entry.has_value()) << entry.error().message;
  EXPECT_EQ(world.roster.find(public_key_of(identity("b")))->member.name, "b");
}

TEST(JudgeJoin, RefusesATokenThatAnotherKeyUsedAndNamesIt) {
  World world;
  ASSERT_TRUE(world.ask(world.request("b")).has_value());
  EXPECT_THAT(world.refusal(world.request("c")), HasSubstr("used already, by b"));
}

// Both tasks that two such peers make at once would be called "7b".
TEST(JudgeJoin, RefusesALetterThatAMemberHasAlready) {
  World world;
  ASSERT_TRUE(world.ask(world.request("b", 1)).has_value());
  EXPECT_THAT(world.refusal(world.request("c", 2)), HasSubstr("b has the letter b"));
}

TEST(JudgeJoin, RefusesAnAddressThatIsAnotherMembers) {
  World world;
  JoinRequest request = world.request("b");
  request.member.address = "a:7100";
  request.joiner = sign_with_token(kCluster, request.member, tests::seed(1));
  EXPECT_THAT(world.refusal(request), HasSubstr("a is reached at a:7100 already"));
}

TEST(JudgeJoin, RefusesATokenThatAnOperatorWithdrew) {
  World world;
  const JoinRequest request = world.request("b");
  world.roster.insert(
      to_record(kCluster, withdraw(kCluster, world.membership.operator_seed, request.permit.id)));
  EXPECT_THAT(world.refusal(request), HasSubstr("withdrawn by an operator"));
}

// Its answer was lost, and so was the split's other side's.
TEST(JudgeJoin, GivesBothKeysThatJoinedWithOneTokenInASplitTheirAnswersAgain) {
  World world;
  world.roster.insert(to_record(kCluster, world.membership.joined("b", 1)));
  world.roster.insert(to_record(kCluster, world.membership.joined("c", 1)));
  for (const char* name : {"b", "c"}) EXPECT_EQ(world.refusal(world.request(name, 1)), "") << name;
  EXPECT_THAT(world.refusal(world.request("d", 1)), HasSubstr("used already"));
}

TEST(JudgeJoin, GivesTheSameKeyTheSameAnswerEvenAfterExpiry) {
  World world;
  const auto first = world.ask(world.request("b"));
  ASSERT_TRUE(first.has_value());
  const auto again = world.ask(world.request("b"), 5'000);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, *first);
}

TEST(JudgeJoin, RefusesAnExpiredTokenAndSaysHowLongAgo) {
  World world;
  EXPECT_THAT(world.refusal(world.request("b"), 1'000), HasSubstr("expired 0 s ago"));
  EXPECT_THAT(world.refusal(world.request("b"), 5'000), HasSubstr("expired 66 minutes ago"));
}

TEST(JudgeJoin, RefusesATokenOfNoOperatorHere) {
  World world;
  JoinRequest request = world.request("b");
  Membership stranger;
  stranger.operator_seed = tests::seed(7);
  request.permit = stranger.permit(1);
  EXPECT_THAT(world.refusal(request), HasSubstr("not signed by an operator"));
}

TEST(JudgeJoin, RefusesAForgedRequest) {
  World world;
  JoinRequest request = world.request("b");
  request.member.name = "root";
  EXPECT_THAT(world.refusal(request), HasSubstr("not signed with its token"));
  request = world.request("b");
  const auto other = judge_join(world.roster, request, public_key_of(identity("c")), wall(1),
                                tests::node_seed("a"));
  EXPECT_THAT(other.error().message, HasSubstr("not signed with its token"));
}

TEST(JudgeJoin, RefusesANameThatIsTakenAndAKeyThatWasRemoved) {
  World world;
  JoinRequest request = world.request("b");
  request.member.name = "a";
  request.joiner = sign_with_token(kCluster, request.member, tests::seed(1));
  EXPECT_THAT(world.refusal(request), HasSubstr("called a already"));
  ASSERT_TRUE(world.ask(world.request("b")).has_value());
  Member gone = world.request("b").member;
  gone.state = RosterState::kRemoved;
  gone.version = 2;
  world.roster.insert(to_record(kCluster, world.membership.by_operator(gone)));
  EXPECT_THAT(world.refusal(world.request("b", 1)), HasSubstr("removed from the cluster for ever"));
  EXPECT_THAT(world.refusal(world.request("b", 2)), HasSubstr("removed from the cluster for ever"));
}

// A joiner and the sponsor's channel, wired together.
struct JoinLink {
  World world;
  Token token{kCluster, world.membership.permit(1),
              {},       tests::seed(1),
              {},       {{"a:1", public_key_of(identity("a"))}}};
  crdt::Rng rng{crdt::Rng::Seed{5}};
  PreSharedKey key = joining_key({}, token.permit.id);

  Joiner joiner() {
    token.pre_shared_key = key;
    return Joiner(token, token.sponsors[0], identity("b"), world.request("b"), rng);
  }
  SecureChannel sponsor(const std::string& cluster = kCluster) {
    SecureChannel channel(joining_channel(Role::kResponder, cluster, token.permit.id, identity("a"),
                                          joining_key({}, token.permit.id)),
                          rng);
    static_cast<void>(channel.start());
    return channel;
  }
};

TEST(JoinLink, CarriesTheRequestThereAndTheAnswerBack) {
  JoinLink link;
  Joiner joiner = link.joiner();
  SecureChannel sponsor = link.sponsor();
  const crdt::Bytes first = joiner.start();
  ASSERT_TRUE(begins_hail(crdt::BytesView(first).substr(0, 2)));
  EXPECT_EQ(read_hail(crdt::BytesView(first).substr(0, kJoinHailBytes)).value(),
            link.token.permit.id);
  const Received second = sponsor.receive(crdt::BytesView(first).substr(kJoinHailBytes)).value();
  EXPECT_FALSE(joiner.asked());
  const crdt::Bytes third = joiner.receive(second.to_send).value();
  EXPECT_TRUE(joiner.asked());  // From here on the token may be spent.
  const Received asked = sponsor.receive(third).value();
  ASSERT_EQ(asked.frames.size(), 1U);
  EXPECT_EQ(decode_join_request(asked.frames[0]).value(), link.world.request("b"));

  JoinAnswer answer;
  answer.entries = {to_record(kCluster, link.world.membership.founder())};
  answer.operators = {verify_key_of(link.world.membership.operator_seed)};
  answer.cluster_secret.bytes.fill(3);
  answer.secrets = "shared";
  ASSERT_TRUE(joiner.receive(sponsor.seal(encode(answer))).has_value());
  ASSERT_TRUE(joiner.answer().has_value());
  EXPECT_EQ(*joiner.answer(), answer);
}

TEST(JoinLink, OfAnotherClusterFailsBeforeAnyKeyIsShown) {
  JoinLink link;
  Joiner joiner = link.joiner();
  SecureChannel sponsor = link.sponsor("other");
  const crdt::Bytes first = joiner.start();
  EXPECT_FALSE(sponsor.receive(crdt::BytesView(first).substr(kJoinHailBytes)).has_value());
}

TEST(JoinLink, WithoutTheTokensKeyTheSponsorLearnsNothing) {
  JoinLink link;
  link.key = joining_key({}, TokenId{77});
  Joiner joiner = link.joiner();
  SecureChannel sponsor = link.sponsor();
  const crdt::Bytes first = joiner.start();
  const Received second = sponsor.receive(crdt::BytesView(first).substr(kJoinHailBytes)).value();
  const auto third = joiner.receive(second.to_send);
  EXPECT_TRUE(!third || !sponsor.receive(*third));
}

// Its own key among them would make a sponsor an operator on the new node.
TEST(JoinAnswer, OfASponsorThatPlantsAnOperatorIsNotTrusted) {
  JoinLink link;
  const VerifyKey honest = verify_key_of(link.world.membership.operator_seed);
  link.token.operators = hash_of({honest});
  JoinAnswer answer;
  answer.entries = {to_record(kCluster, link.world.membership.founder())};
  answer.operators = {honest};
  EXPECT_FALSE(fault_of(link.token, answer).has_value());
  answer.operators.push_back(verify_key_of(tests::seed(7)));
  EXPECT_THAT(fault_of(link.token, answer)->message, HasSubstr("names other operators"));
  answer.operators = {verify_key_of(tests::seed(7))};
  EXPECT_THAT(fault_of(link.token, answer)->message, HasSubstr("names other operators"));
  answer.refusal = "no";
  EXPECT_EQ(fault_of(link.token, answer)->message, "no");
}

TEST(JoinMessages, CutOffAnywhereAreRefused) {
  const World world;
  const crdt::Bytes request = encode(world.request("b"));
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_FALSE(decode_join_request(crdt::BytesView(request).substr(0, size)).has_value());
  }
  JoinAnswer full;
  full.entries = {to_record(kCluster, world.membership.founder())};
  full.operators = {VerifyKey{}};
  const crdt::Bytes answer = encode(full);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_FALSE(decode_join_answer(crdt::BytesView(answer).substr(0, size)).has_value());
  }
}

}  // namespace
}  // namespace gossip

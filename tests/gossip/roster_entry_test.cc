#include "gossip/roster_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::HasSubstr;
using tests::kCluster;
using tests::Membership;

std::string fault_of(const crdt::Record& record, const std::string& cluster = kCluster) {
  const auto entry = read_entry(cluster, record);
  return entry ? "" : entry.error().message;
}

TEST(RosterEntry, ComesBackFromItsRecord) {
  const Membership world;
  for (const RosterEntry& entry : {world.founder(), world.joined("b", 1), world.self("a", 2)}) {
    const auto read = read_entry(kCluster, to_record(kCluster, entry));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, entry);
  }
}

TEST(RosterEntry, OfAnotherClusterIsNamedAsSuch) {
  const Membership world;
  EXPECT_THAT(fault_of(to_record("other", world.founder())),
              HasSubstr("of another cluster, other"));
}

TEST(RosterEntry, WithASignatureOfAnotherKeyIsRefused) {
  const Membership world;
  RosterEntry entry = world.founder();
  std::get<OperatorProof>(entry.proof).key = verify_key_of(tests::seed(99));
  EXPECT_THAT(fault_of(to_record(kCluster, entry)), HasSubstr("operator's signature is wrong"));
}

TEST(RosterEntry, ChangedByWhoeverRelaysItIsRefused) {
  const Membership world;
  RosterEntry entry = world.joined("b", 1);
  entry.member.address = "evil:7100";
  EXPECT_THAT(fault_of(to_record(kCluster, entry)), HasSubstr("not signed with its token"));
  entry = world.self("a", 2);
  entry.member.address = "evil:7100";
  EXPECT_THAT(fault_of(to_record(kCluster, entry)), HasSubstr("own signature is wrong"));
}

TEST(RosterEntry, OfATokenSaysNoMoreThanItsPermit) {
  const Membership world;
  Member member = tests::member("b", RosterState::kActive);
  EXPECT_THAT(fault_of(to_record(kCluster, world.joined(member, 1))),
              HasSubstr("more than its token allows"));
  member = tests::member("b", RosterState::kJoining);
  member.letter = 'x';
  EXPECT_THAT(fault_of(to_record(kCluster, world.joined(member, 1))),
              HasSubstr("more than its token allows"));
}

TEST(RosterEntry, OfTheNodeItselfRemovesNobody) {
  const Member member = tests::member("a", RosterState::kRemoved);
  EXPECT_THAT(fault_of(to_record(kCluster, sign_as_self(kCluster, member, tests::node_seed("a")))),
              HasSubstr("only an operator removes"));
}

TEST(RosterEntry, UnderAnotherKeyThanItsOwnIsRefused) {
  const Membership world;
  crdt::Record record = to_record(kCluster, world.founder());
  record.key.back() = static_cast<char>(record.key.back() ^ 1);
  EXPECT_THAT(fault_of(record), HasSubstr("not encoded as entries are"));
}

RC_GTEST_PROP(RosterEntryLaw, NoChangedOctetIsTakenAndNoneIsFatal, ()) {
  const Membership world;
  crdt::Record record = to_record(kCluster, world.joined("b", 1));
  const auto at = *rc::gen::inRange<std::size_t>(0, record.value.size());
  const auto bits = *rc::gen::inRange(1, 256);
  record.value[at] = static_cast<char>(record.value[at] ^ bits);
  RC_ASSERT(!read_entry(kCluster, record));
  record.value.resize(at);
  RC_ASSERT(!read_entry(kCluster, record));
}

}  // namespace
}  // namespace gossip

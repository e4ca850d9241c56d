#include "gossip/invitation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gossip/roster.h"
#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::HasSubstr;
using testing::Optional;
using tests::kCluster;
using tests::Membership;

std::vector<Invitation> both() {
  const Membership world;
  const Permit permit = world.permit(1);
  return {permit, withdraw(kCluster, world.operator_seed, permit.id)};
}

TEST(Invitation, ComesBackFromItsRecordAndFromItsValueAlone) {
  for (const Invitation& invitation : both()) {
    const crdt::Record record = to_record(kCluster, invitation);
    EXPECT_EQ(read_invitation(kCluster, record).value(), invitation);
    EXPECT_EQ(invitation_record(record.value).value(), record);
  }
}

TEST(Invitation, CutOffOrChangedAnywhereIsRefused) {
  for (const Invitation& invitation : both()) {
    const crdt::Record record = to_record(kCluster, invitation);
    for (std::size_t at = 0; at < record.value.size(); ++at) {
      EXPECT_FALSE(read_invitation(kCluster, {record.key, record.value.substr(0, at)})) << at;
      crdt::Record changed = record;
      changed.value[at] = static_cast<char>(changed.value[at] ^ 1);
      EXPECT_FALSE(read_invitation(kCluster, changed)) << at;
    }
  }
}

TEST(Invitation, OfAnotherClusterOrUnderAnotherIdIsRefused) {
  crdt::Record record = to_record(kCluster, both()[0]);
  EXPECT_THAT(read_invitation("other", record).error().message, HasSubstr("another cluster, test"));
  record.key[5] = static_cast<char>(record.key[5] ^ 1);
  EXPECT_FALSE(read_invitation(kCluster, record).has_value());
}

TEST(Invitation, OfNoOperatorIsRefusedByTheRosterAndNotCounted) {
  const Membership world;
  Roster roster(kCluster, {verify_key_of(tests::seed(7))});
  for (const Invitation& invitation : both()) {
    const crdt::Record record = to_record(kCluster, invitation);
    EXPECT_THAT(roster.judge(record), Optional(HasSubstr("is no operator here")));
    roster.insert(record);
  }
  EXPECT_TRUE(roster.outstanding(tests::wall(0)).empty());
  EXPECT_FALSE(roster.withdrawn(world.permit(1).id));
}

}  // namespace
}  // namespace gossip

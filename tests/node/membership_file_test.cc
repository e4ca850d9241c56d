#include "node/membership_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/roster_entries.h"

namespace {

using testing::HasSubstr;
using tests::kCluster;

node::Membership membership() {
  const tests::Membership world;
  return {{gossip::verify_key_of(world.operator_seed)},
          {to_record(kCluster, world.founder()), to_record(kCluster, world.joined("b", 1))}};
}

std::string fault_of(const std::string& text) {
  const auto read = node::read_membership(text, kCluster);
  return read ? "" : read.error().message;
}

TEST(MembershipFile, ComesBackFromItsText) {
  const auto read = node::read_membership(membership_text(membership()), kCluster);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, membership());
}

TEST(MembershipFile, SaysWhichLineIsWrong) {
  const std::string good = membership_text(membership());
  EXPECT_THAT(fault_of("# nothing\n\n"), HasSubstr("names no operator"));
  EXPECT_THAT(fault_of("operator 12\n"), HasSubstr("line 1: a key is 64"));
  EXPECT_THAT(fault_of(good + "owner 12\n"), HasSubstr("line 5: expected \"operator\""));
  EXPECT_THAT(fault_of(good + "entry zz\n"), HasSubstr("line 5: this is no roster entry"));
  EXPECT_THAT(fault_of(good + "entry 12 34\n"), HasSubstr("line 5: expected two words"));
  const auto other = node::read_membership(good, "other");
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error().message, HasSubstr("of another cluster"));
}

}  // namespace

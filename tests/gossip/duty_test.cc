#include "gossip/duty.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace gossip {
namespace {

std::vector<MemberId> members(std::uint64_t count) {
  std::vector<MemberId> all;
  for (std::uint64_t i = 1; i <= count; ++i) all.push_back({i * 0x9E3779B97F4A7C15});
  return all;
}

std::string key(int number) { return "channel/T/C" + std::to_string(number); }

TEST(Duty, NobodyOwnsAnythingWhereThereIsNobody) { EXPECT_FALSE(owner_of("key", {})); }

TEST(Duty, EveryMemberComputesTheSameOwnerWhateverTheOrderOfItsList) {
  std::vector<MemberId> forward = members(7);
  std::vector<MemberId> backward = forward;
  std::reverse(backward.begin(), backward.end());
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(owner_of(key(i), forward), owner_of(key(i), backward));
}

TEST(Duty, AMemberThatGoesLeavesTheKeysOfOthersWhereTheyAre) {
  const std::vector<MemberId> before = members(7);
  for (const MemberId gone : before) {
    std::vector<MemberId> after = before;
    std::erase(after, gone);
    for (int i = 0; i < 1'000; ++i) {
      const auto owner = owner_of(key(i), before);
      if (owner == gone) continue;
      EXPECT_EQ(owner_of(key(i), after), owner);
    }
  }
}

TEST(Duty, KeysAreSharedAboutEvenly) {
  std::map<MemberId, int> owned;
  for (int i = 0; i < 10'000; ++i) ++owned[*owner_of(key(i), members(10))];
  ASSERT_EQ(owned.size(), 10u);
  for (const auto& [member, keys] : owned) {
    EXPECT_GT(keys, 850) << member.value;
    EXPECT_LT(keys, 1'150) << member.value;
  }
}

}  // namespace
}  // namespace gossip

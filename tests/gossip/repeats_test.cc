#include "gossip/repeats.h"

#include <gtest/gtest.h>

namespace {

using crdt::Instant;
using gossip::Repeats;

TEST(Repeats, SaysALineAtOnceAndThenRarelyWithHowOftenItCame) {
  Repeats repeats;
  Instant now{};
  EXPECT_EQ(repeats.due(now, "a"), 1U);
  EXPECT_EQ(repeats.due(now, "b"), 1U);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(repeats.due(now += std::chrono::seconds(1), "a"), 0U);
  now += Repeats::kQuiet;
  EXPECT_EQ(repeats.due(now, "a"), 10U);
  EXPECT_EQ(repeats.due(now, "a"), 0U);
  EXPECT_EQ(repeats.due(now, "b"), 1U);
}

TEST(Repeats, ForgetsWhatWasSaidLongestAgoWhenItIsFull) {
  Repeats repeats;
  Instant now{};
  for (std::size_t i = 0; i <= Repeats::kLinesMax; ++i) {
    EXPECT_EQ(repeats.due(now += std::chrono::seconds(1), std::to_string(i)), 1U);
  }
  EXPECT_EQ(repeats.due(now, std::to_string(Repeats::kLinesMax)), 0U);
  EXPECT_EQ(repeats.due(now, "0"), 1U);
}

}  // namespace

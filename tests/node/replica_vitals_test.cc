#include "node/replica_vitals.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using crdt::Instant;
using crdt::Now;
using crdt::WallTime;

Now at(std::chrono::milliseconds steady, std::chrono::milliseconds wall) {
  return {Instant(steady), WallTime(wall)};
}

TEST(SlackClock, NothingIsSaidWithoutAStampAndTheLeastLateOneCounts) {
  node::SlackClock clock;
  EXPECT_FALSE(clock.ahead(at(0s, 100s)));
  clock.take(at(1s, 101s), WallTime(97s));  // Three seconds on its way.
  clock.take(at(2s, 102s), WallTime(101s));
  EXPECT_EQ(clock.ahead(at(3s, 103s)), 1s);
}

TEST(SlackClock, AClockThatIsSetRightIsRightAtOnce) {
  node::SlackClock clock;
  clock.take(at(1s, 191s), WallTime(101s));
  EXPECT_EQ(clock.ahead(at(2s, 192s)), 90s);
  EXPECT_EQ(clock.ahead(at(3s, 103s)), 0s);
  EXPECT_EQ(clock.ahead(at(3s, 63s)), -40s);
}

TEST(SlackClock, ACapturedRequestCountsNeitherBesideAFreshOneNorForLong) {
  node::SlackClock clock;
  clock.take(at(1s, 9000s), WallTime(1000s));
  EXPECT_EQ(clock.ahead(at(1s, 9000s)), 8000s);
  clock.take(at(2s, 9001s), WallTime(9001s));
  EXPECT_EQ(clock.ahead(at(2s, 9001s)), 0s);
  EXPECT_FALSE(clock.ahead(at(11min, 9700s)));
}

TEST(SlackClock, ForgetsTheOldestOfManyStamps) {
  node::SlackClock clock;
  clock.take(at(0s, 0s), WallTime(50s));
  for (std::size_t i = 0; i < node::SlackClock::kSamplesMax; ++i) {
    clock.take(at(1s, 1s), WallTime(1s));
  }
  EXPECT_EQ(clock.ahead(at(1s, 1s)), 0s);
}

TEST(LogHistory, TellsForHowLongARowHasBeenThere) {
  node::LogHistory log;
  log.take(Instant(10s), 5);
  log.take(Instant(30s), 8);
  EXPECT_EQ(log.age_beyond(4, Instant(40s)), 30s);
  EXPECT_EQ(log.age_beyond(5, Instant(40s)), 10s);
  EXPECT_EQ(log.age_beyond(8, Instant(40s)), 0s);
}

TEST(LogHistory, StaysSmallAndKeepsItsOldEnd) {
  node::LogHistory log;
  for (int second = 0; second < 100'000; ++second) {
    log.take(Instant(std::chrono::seconds(second)), static_cast<std::uint64_t>(second + 1));
  }
  EXPECT_EQ(log.age_beyond(0, Instant(100'000s)), 100'000s);
  const auto recent = log.age_beyond(99'990, Instant(100'000s));
  EXPECT_GE(recent, 10s);
  EXPECT_LT(recent, 1'000s);
}

}  // namespace

#include "node/clock.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(Clock, SteadyTimeNeverGoesBackAndIsTheTimersTime) {
  const crdt::Now first = node::read_clock();
  const crdt::Now second = node::read_clock();
  EXPECT_LE(first.steady, second.steady);
  EXPECT_LE(node::timer_time(first.steady), std::chrono::steady_clock::now());
  EXPECT_GT(node::timer_time(second.steady + 1h), std::chrono::steady_clock::now());
}

TEST(Clock, WritesDatesAsHttpWantsThem) {
  // RFC 9110's own example.
  EXPECT_EQ(node::http_date(crdt::WallTime(784111777s)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace

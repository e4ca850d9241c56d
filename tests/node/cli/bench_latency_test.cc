#include "node/cli/bench_latency.h"

#include <gtest/gtest.h>

namespace node::cli {
namespace {

using std::chrono::microseconds;

Latencies one_to(int count) {
  Latencies latencies;
  for (int i = count; i >= 1; --i) latencies.add(microseconds(i));  // Not in order.
  return latencies;
}

TEST(BenchLatency, APercentileIsTheSampleThatThatShareDoesNotExceed) {
  const Latencies hundred = one_to(100);
  EXPECT_EQ(hundred.percentile(0.5), microseconds(50));
  EXPECT_EQ(hundred.percentile(0.99), microseconds(99));
  EXPECT_EQ(hundred.percentile(0.991), microseconds(100));
  EXPECT_EQ(hundred.percentile(1), microseconds(100));
  EXPECT_EQ(one_to(3).percentile(0.5), microseconds(2));
}

TEST(BenchLatency, TheTailOfAThousandIsOneSample) {
  EXPECT_EQ(one_to(1000).percentile(0.999), microseconds(999));
  EXPECT_EQ(one_to(10).percentile(0.999), microseconds(10));
}

TEST(BenchLatency, OneSlowRequestShowsInTheMaximumOnly) {
  Latencies latencies;
  for (int i = 0; i < 10'000; ++i) latencies.add(microseconds(1000));
  latencies.add(std::chrono::seconds(2));
  EXPECT_EQ(latencies.summary(), (LatencySummary{1, 1, 1, 2000}));
}

TEST(BenchLatency, WithoutSamplesEverythingIsZero) {
  EXPECT_EQ(Latencies().summary(), LatencySummary{});
}

TEST(BenchLatency, TheMedianIsAMeasuredValue) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({}), 0);
}

}  // namespace
}  // namespace node::cli

// Maelstrom's workloads under partitions, each with many seeds: shapes, moments and latencies are
// drawn from the seed.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/simulation/maelstrom/maelstrom_run.h"
#include "tests/simulation/maelstrom/verdicts.h"

namespace {

using namespace tests::maelstrom;
using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 100;

RunOptions draw_options(const std::string& workload, std::uint64_t seed) {
  simulation::Dice dice(seed, "options");
  RunOptions options;
  options.workload = workload;
  options.seed = seed;
  options.nodes = dice.between(3, 5);
  options.latency.mean = dice.pick(std::vector<Duration>{0ms, 10ms, 100ms});
  options.latency.distribution = dice.pick(std::vector<Distribution>{
      Distribution::kConstant, Distribution::kUniform, Distribution::kExponential});
  options.partition_interval = dice.pick(std::vector<Duration>{1s, 3s, 10s});
  return options;
}

std::string last_of(const std::vector<std::string>& notices) {
  std::string text;
  const std::size_t from = notices.size() > 40 ? notices.size() - 40 : 0;
  for (std::size_t i = from; i < notices.size(); ++i) text += "\n  " + notices[i];
  return text;
}

RunResult run_available(const RunOptions& options) {
  RunResult result = run(options);
  EXPECT_TRUE(result.initialised_in.has_value());
  EXPECT_EQ(availability_fault(result.history).value_or(""), "");
  return result;
}

class MaelstromSet : public testing::TestWithParam<const char*> {};

TEST_P(MaelstromSet, LosesAndDoublesNothingUnderPartitions) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RunResult result = run_available(draw_options(GetParam(), seed));
    const SetVerdict verdict = set_full(result.history);
    ASSERT_TRUE(verdict.valid()) << verdict.lost.size() << " lost, " << verdict.duplicates.size()
                                 << " doubled" << last_of(result.notices);
    ASSERT_TRUE(verdict.never_read.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, MaelstromSet, testing::Values("broadcast", "g-set"));

class MaelstromCounter : public testing::TestWithParam<const char*> {};

TEST_P(MaelstromCounter, EveryNodeEndsWithTheSumOfAllAddsUnderPartitions) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RunResult result = run_available(draw_options(GetParam(), seed));
    ASSERT_EQ(counter_fault(result.history).value_or(""), "") << last_of(result.notices);
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, MaelstromCounter, testing::Values("g-counter", "pn-counter"));

TEST(MaelstromUniqueIds, AreUniqueAndAlwaysServedUnderPartitions) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RunOptions options = draw_options("unique-ids", seed);
    options.nodes = 3;
    options.rate = 1'000;  // As in Gossip Glomers 2.
    options.time_limit = 2s;
    const RunResult result = run_available(options);
    ASSERT_EQ(ids_fault(result.history).value_or(""), "");
  }
}

}  // namespace

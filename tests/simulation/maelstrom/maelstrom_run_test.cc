// That the runner can be believed: it repeats itself, and it sees what is broken.
#include "tests/simulation/maelstrom/maelstrom_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/maelstrom/verdicts.h"

namespace {

using namespace tests::maelstrom;
using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::Not;

RunOptions split_run(const std::string& workload) {
  RunOptions options;
  options.workload = workload;
  options.latency = {10ms, Distribution::kExponential};
  options.partition_interval = 2s;
  return options;
}

TEST(MaelstromRun, OneSeedIsOneRun) {
  const RunResult first = run(split_run("g-set"));
  const RunResult second = run(split_run("g-set"));
  EXPECT_EQ(first.messages, second.messages);
  EXPECT_EQ(first.notices, second.notices);
  ASSERT_EQ(first.history.size(), second.history.size());
  for (std::size_t i = 0; i < first.history.size(); ++i) {
    EXPECT_EQ(first.history[i].completed_at, second.history[i].completed_at);
    EXPECT_EQ(first.history[i].elements, second.history[i].elements);
  }
}

TEST(MaelstromRun, NodesThatStayPartedFailTheVerdicts) {
  RunOptions options = split_run("g-set");
  options.heals = false;
  std::size_t lost = 0;
  std::size_t wrong = 0;
  for (options.seed = 1; options.seed <= 10; ++options.seed) {
    options.workload = "g-set";
    lost += set_full(run(options).history).lost.size();
    options.workload = "pn-counter";
    wrong += counter_fault(run(options).history) ? 1 : 0;
  }
  EXPECT_GT(lost, 0u);
  EXPECT_GT(wrong, 5u);
}

TEST(MaelstromRun, AWorkloadThatTheNodesRefuseIsNoSuccess) {
  RunOptions options;
  options.workload = "lin-kv";
  const RunResult result = run(options);
  for (const Operation& operation : result.history) {
    EXPECT_EQ(operation.outcome, Outcome::kFail) << operation.f;
  }
  EXPECT_TRUE(availability_fault(result.history));
}

}  // namespace

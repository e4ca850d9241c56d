// The broadcast profile of Gossip Glomers 3d and 3e: 25 nodes, 100 ms between them, 100 requests a
// second, half of them reads, for 20 s; figures as Maelstrom takes them.
//
// One setting meets both bars: every change is pushed at once to every node, which takes 12
// messages for each operation, and all else shares frames with that. So no node is a hub, and what
// was acknowledged has left the node: any may die. Each bar has a line in the output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "tests/simulation/maelstrom/maelstrom_run.h"
#include "tests/simulation/maelstrom/verdicts.h"

namespace {

using namespace tests::maelstrom;
using namespace std::chrono_literals;
using testing::IsEmpty;

struct Bar {
  const char* name;
  double messages_max;  // For each operation; below, as the next two.
  Duration median_max;
  Duration latency_max;
};

constexpr Bar kBarA{"A (3d)", 24, 400ms, 600ms};
constexpr Bar kBarB{"B (3e)", 15, 1s, 2s};

// A fair share of 25 nodes is 4 %; a node takes the requests that chance gives it.
constexpr double kShareMax = 0.06;

RunOptions profile() {
  RunOptions options;
  options.nodes = 25;
  options.rate = 100;
  options.latency.mean = 100ms;
  return options;
}

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1'000; }

double share_of_busiest(const RunResult& result) {
  const auto most = *std::max_element(result.by_node.begin(), result.by_node.end());
  return static_cast<double>(most) / static_cast<double>(result.messages);
}

void print(const std::string& name, const RunResult& result, const SetVerdict& verdict) {
  std::printf(
      "%-32s %5.2f messages per operation, stable after %3.0f ms (median) %4.0f ms (max), lost "
      "%zu, duplicates %zu, busiest node sends %.1f %%\n",
      name.c_str(), result.messages_per_operation(), milliseconds(verdict.latency(0.5)),
      milliseconds(verdict.latency(1)), verdict.lost.size(), verdict.duplicates.size(),
      100 * share_of_busiest(result));
}

void expect_within(const Bar& bar, const RunResult& result, const SetVerdict& verdict) {
  EXPECT_LT(result.messages_per_operation(), bar.messages_max) << bar.name;
  EXPECT_LT(verdict.latency(0.5), bar.median_max) << bar.name;
  EXPECT_LT(verdict.latency(1), bar.latency_max) << bar.name;
}

void expect_sound(const RunResult& result, const SetVerdict& verdict) {
  EXPECT_TRUE(result.initialised_in.has_value());
  EXPECT_THAT(verdict.lost, IsEmpty());
  EXPECT_THAT(verdict.duplicates, IsEmpty());
  EXPECT_THAT(verdict.unexpected, IsEmpty());
}

TEST(MaelstromBroadcastProfile, IsMetWithoutAHub) {
  const RunResult result = run(profile());
  const SetVerdict verdict = set_full(result.history);
  expect_sound(result, verdict);
  for (const Bar& bar : {kBarA, kBarB}) {
    print(std::string("profile ") + bar.name, result, verdict);
    expect_within(bar, result, verdict);
  }
  EXPECT_EQ(availability_fault(result.history).value_or(""), "");
  EXPECT_LT(share_of_busiest(result), kShareMax);
}

// Five nodes a case, so that both cores of a machine have their part.
class MaelstromBroadcastProfileWithout : public testing::TestWithParam<std::size_t> {};

TEST_P(MaelstromBroadcastProfileWithout, ANodeThatDiesHalfWayIsMetAndLosesNothing) {
  for (std::size_t node = GetParam(); node < profile().nodes; node += 5) {
    SCOPED_TRACE("node " + std::to_string(node));
    RunOptions options = profile();
    options.kill = node;
    const RunResult result = run(options);
    const SetVerdict verdict = set_full(result.history);
    print("profile, n" + std::to_string(node) + " dies", result, verdict);
    expect_sound(result, verdict);
    expect_within(kBarA, result, verdict);
    expect_within(kBarB, result, verdict);
  }
}

INSTANTIATE_TEST_SUITE_P(Nodes, MaelstromBroadcastProfileWithout,
                         testing::Range<std::size_t>(0, 5));

TEST(MaelstromBroadcastProfile, LosesNothingUnderPartitions) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RunOptions options = profile();
    options.seed = seed;
    options.partition_interval = 3s;
    const RunResult result = run(options);
    const SetVerdict verdict = set_full(result.history);
    print("profile, partitions, seed " + std::to_string(seed), result, verdict);
    expect_sound(result, verdict);
    EXPECT_THAT(verdict.never_read, IsEmpty());
    EXPECT_EQ(availability_fault(result.history).value_or(""), "");
  }
}

TEST(MaelstromBroadcastProfile, LosesNothingWhereMessagesOvertakeEachOther) {
  for (const Distribution distribution : {Distribution::kUniform, Distribution::kExponential}) {
    RunOptions options = profile();
    options.latency.distribution = distribution;
    const RunResult result = run(options);
    const SetVerdict verdict = set_full(result.history);
    print(distribution == Distribution::kUniform ? "profile, uniform" : "profile, exponential",
          result, verdict);
    expect_sound(result, verdict);
  }
}

}  // namespace

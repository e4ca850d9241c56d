// What real processes promise under every fault that a test can do to them: no acknowledged change
// is lost unless one that saw it replaced it, none is done twice, a peer shows again what it has
// shown, and once everything has healed all peers are equal.
//
// Each fault has a few seconds to itself, among three peers; then all come together among five.
//   MUSTER_CLUSTER_SEED     repeats a run's faults and commands, though not how they meet
//   MUSTER_CLUSTER_SECONDS  is how long AllTogether goes on: 600 and more for a soak
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/cluster/fault_run.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::StartsWith;
using tests::Fault;
using tests::FaultKind;
using tests::FaultRun;

struct Named {
  const char* name;
  FaultKind kind;
};

constexpr Named kFaults[] = {
    {"Cut", FaultKind::kCut},           {"OneWay", FaultKind::kOneWay},
    {"Slow", FaultKind::kSlow},         {"Lossy", FaultKind::kLossy},
    {"Kill", FaultKind::kKill},         {"Stop", FaultKind::kStop},
    {"DiskFull", FaultKind::kDiskFull}, {"IoError", FaultKind::kIoError},
    {"Clock", FaultKind::kClock},
};

class FaultTest : public testing::TestWithParam<Named> {};

TEST_P(FaultTest, BreaksNoPromise) {
  const std::string lack = tests::lacks(GetParam().kind);
  if (!lack.empty()) GTEST_SKIP() << lack;
  FaultRun run({.seed = tests::cluster_seed(),
                .peers = 3,
                .length = seconds(2),
                .every = milliseconds(300),
                .kinds = {GetParam().kind}});
  const auto complaints = run.run();
  EXPECT_TRUE(complaints.empty()) << run.story(complaints);
}

INSTANTIATE_TEST_SUITE_P(EveryFault, FaultTest, testing::ValuesIn(kFaults),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Faults, AllTogetherBreakNoPromise) {
  std::vector<FaultKind> kinds;
  for (const Named& fault : kFaults) kinds.push_back(fault.kind);
  FaultRun run({.seed = tests::cluster_seed(),
                .peers = 5,
                .length = tests::cluster_length(seconds(20)),
                .every = milliseconds(300),
                .kinds = kinds});
  const auto complaints = run.run();
  EXPECT_TRUE(complaints.empty()) << run.story(complaints);
}

// The proof that such a run can fail: peers whose disks keep nothing, all killed at once.
TEST(Faults, AreFoundOutWhereSyncsDoNothing) {
#ifdef MUSTER_POWER_LOSS_SHIM
  constexpr int kPeers = 3;
  std::vector<Fault> kills;
  for (int peer = 1; peer <= kPeers; ++peer) {
    kills.push_back(
        {.kind = FaultKind::kKill, .at = seconds(1), .lasts = seconds(1), .peer = peer});
  }
  ::setenv("LD_PRELOAD", MUSTER_POWER_LOSS_SHIM, 1);  // Of the peers to come.
  ::setenv("MUSTER_POWER_LOSS", "swallow", 1);
  FaultRun run({.seed = tests::cluster_seed(), .peers = kPeers, .length = milliseconds(1500)},
               kills);
  const auto complaints = run.run();
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("MUSTER_POWER_LOSS");
  EXPECT_THAT(complaints, Contains(StartsWith("lost: job-")));
#else
  GTEST_SKIP() << "a sanitizer's runtime lets nothing be preloaded before it";
#endif
}

}  // namespace

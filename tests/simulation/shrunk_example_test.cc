// A run that failed, shrunk to what the failure needs.
// safety: no acknowledged change is lost
//
//   2 nodes:
//     0:01.000000  U1 in C1 types "/ir add a "disk" is full \ what??! ..", sent to a
//     0:01.500000  a and the others cannot reach each other, for 0:03.000000
//     0:02.000000  U2 in C1 types "/ir 1 !red", sent to b
//     0:10.000000  everything else is healed
#include <gtest/gtest.h>

#include "simulation/plan.h"
#include "simulation/report.h"
#include "simulation/run.h"

namespace {

constexpr const char* kPlan =
    "options seed=4 nodes=2 length_us=10000000 command_every_us=460000 fault_every_us=25000000 peo"
    "ple=8 channels=12 delay_min_us=1000 delay_mean_us=2000 commit_mean_us=300 drift_ppm=100 resig"
    "ned_percent=10 doubled_percent=5 offer_after_us=2000000 offer_rows=512 walk_after_us=30000000"
    "0 compare_every_us=3600000000 late_percent=5 burst_percent=12 keep_us=0 faults=none\n"
    "0:01.000000 command trigger=1 user=U1 channel=C1 to=a doubles= text=add a \"disk\" is full \\"
    " what\?\?! \303\251\n"
    "0:01.500000 fault partition for=0:03.000000 nodes=a amount=0 salt=9\n"
    "0:02.000000 command trigger=2 user=U2 channel=C1 to=b* doubles= text=1 !red\n";

TEST(Shrunk, Seed4NoAcknowledgedChangeIsLost) {
  const auto plan = simulation::parse_plan(kPlan);
  ASSERT_TRUE(plan) << plan.error().message;
  const simulation::Report report = simulation::run(*plan, {});
  EXPECT_FALSE(report.failure) << simulation::line_of(*report.failure, report.seed, "unknown");
}

}  // namespace

#include "simulation/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using simulation::Scheduler;
using simulation::Time;
using testing::ElementsAre;
using namespace std::chrono_literals;

TEST(Scheduler, RunsEventsInTheOrderOfTheirTimesAndOfTheirAsking) {
  Scheduler scheduler;
  std::vector<int> ran;
  scheduler.at(2ms, [&] { ran.push_back(2); });
  scheduler.at(1ms, [&] { ran.push_back(1); });
  scheduler.at(2ms, [&] { ran.push_back(3); });
  while (scheduler.step(1s)) {
  }
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
  EXPECT_EQ(scheduler.now(), 1s);
}

TEST(Scheduler, RunsAtOnceWhatIsAskedForInThePast) {
  Scheduler scheduler;
  ASSERT_FALSE(scheduler.step(5ms));
  Time ran_at{};
  scheduler.at(1ms, [&] { ran_at = scheduler.now(); });
  EXPECT_TRUE(scheduler.step(10ms));
  EXPECT_EQ(ran_at, 5ms);
}

TEST(Scheduler, LeavesWhatIsDueLaterForTheNextCall) {
  Scheduler scheduler;
  scheduler.after(2ms, [] {});
  EXPECT_FALSE(scheduler.step(1ms));
  EXPECT_FALSE(scheduler.idle());
  EXPECT_TRUE(scheduler.step(2ms));
  EXPECT_TRUE(scheduler.idle());
}

}  // namespace

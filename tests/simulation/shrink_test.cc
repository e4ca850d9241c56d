#include "simulation/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace simulation;

Plan big_plan() {
  Options options;
  options.seed = 3;
  options.faults = *parse_faults("default");
  return draw_plan(options);
}

const Failure kLost{"safety", "lost", "", 1s};

bool typed(const Plan& plan, std::uint64_t trigger) {
  return std::any_of(plan.commands.begin(), plan.commands.end(),
                     [&](const Command& command) { return command.trigger == trigger; });
}

TEST(Shrink, KeepsJustWhatTheFailureNeeds) {
  const Plan plan = big_plan();
  ASSERT_FALSE(plan.faults.empty());
  const std::uint64_t salt = plan.faults[plan.faults.size() / 2].salt;
  const Try attempt = [&](const Plan& smaller) -> std::optional<Failure> {
    const bool broken = std::any_of(smaller.faults.begin(), smaller.faults.end(),
                                    [&](const Fault& fault) { return fault.salt == salt; });
    if (!typed(smaller, 100) || !typed(smaller, 900) || !broken) return std::nullopt;
    return kLost;
  };
  const Shrunk shrunk = shrink(plan, kLost, attempt);
  EXPECT_EQ(shrunk.plan.commands.size(), 2u);
  EXPECT_EQ(shrunk.plan.faults.size(), 1u);
  EXPECT_EQ(shrunk.plan.options.nodes, 1u);
  EXPECT_LT(shrunk.tries, 300u);
}

TEST(Shrink, TakesNoPlanThatFailsInAnotherWay) {
  const Plan plan = big_plan();
  const Try attempt = [&](const Plan& smaller) -> std::optional<Failure> {
    return smaller.commands.size() < 10 ? Failure{"crash", "no check fails", "", 1s} : kLost;
  };
  EXPECT_EQ(shrink(plan, kLost, attempt).plan.commands.size(), 10u);
}

}  // namespace

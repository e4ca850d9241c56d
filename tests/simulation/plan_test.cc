#include "simulation/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace {

using namespace simulation;

Options usual(std::uint64_t seed) {
  Options options;
  options.seed = seed;
  options.faults = *parse_faults("default");
  return options;
}

Plan plan_of(std::uint64_t seed) { return draw_plan(draw_options(usual(seed), false)); }

TEST(Plan, SaysTheSameWrittenAndReadBack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = plan_of(seed);
    const auto read = parse_plan("# a remark\n" + to_text(plan));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, plan) << "seed " << seed;
  }
}

TEST(Plan, ComesFromItsSeedAlone) {
  EXPECT_EQ(plan_of(7), plan_of(7));
  EXPECT_NE(plan_of(7), plan_of(8));
}

TEST(Plan, OfTheUsualKindHasTwoCommandsASecondAndTenFaultsOrIsCalm) {
  std::size_t calm = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = plan_of(seed);
    EXPECT_GE(plan.commands.size(), 1'200u) << "seed " << seed;
    if (plan.options.fault_every > 1min) {
      ++calm;
    } else {
      EXPECT_GE(plan.faults.size(), 10u) << "seed " << seed;
    }
  }
  EXPECT_LE(calm, 8u);
  EXPECT_GE(calm, 1u);
}

TEST(Plan, SomeCommandsAreDeliveredLaterThanTheyAreSignedAndNoneAfterTheEnd) {
  std::size_t late = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = plan_of(seed);
    for (const Command& command : plan.commands) {
      const Duration after = command.attempts.front().after;
      late += after > 0us ? 1 : 0;
      EXPECT_LE(command.at + after, plan.options.length);
    }
  }
  EXPECT_GT(late, 0u);
}

TEST(Plan, DrawsEveryFaultInSomeSeedAndLeavesEveryFaultOutInAnother) {
  std::set<FaultKind> drawn, left_out;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Options options = draw_options(usual(seed), false);
    for (const FaultKind kind : usual(seed).faults) {
      (options.faults.contains(kind) ? drawn : left_out).insert(kind);
    }
  }
  EXPECT_EQ(drawn, usual(1).faults);
  EXPECT_EQ(left_out, usual(1).faults);
}

TEST(Plan, AllItsFaultsButTheLastingOneEndBeforeItDoes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = plan_of(seed);
    for (const Fault& fault : plan.faults) {
      EXPECT_LE(fault.at + fault.lasts, plan.options.length) << words_of(fault);
    }
  }
}

TEST(Plan, RefusesWhatIsNoneAndNamesTheLineAndTheField) {
  const std::string options = "options seed=1 nodes=3 faults=none\n";
  EXPECT_TRUE(parse_plan(options));
  const std::string command = "0:01.000000 command user=U1 channel=C1 doubles= ";
  const std::string fault = "0:01.000000 fault ";
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"nonsense", "\"nonsense\" is no time like 0:20.000000"},
      {"0:01 command", "\"0:01\" is no time like 0:20.000000"},
      {"0:01.000000 storm", "\"storm\" is neither a command nor a fault"},
      {fault + "rain for=0:01.000000 nodes=a amount=0 salt=0", "there is no fault called \"rain\""},
      {fault + "crash for=0:01.000000 nodes=d amount=0 salt=0",
       "nodes=d is no list of nodes like a,c"},
      {fault + "crash for=1s nodes=a amount=0 salt=0", "for=1s is no time like 0:20.000000"},
      {fault + "crash for=0:01.000000 nodes=a amount=0", "salt= is missing"},
      {fault + "crash for=0:01.000000 nodes=a amount=x salt=0", "amount=x is no number"},
      {fault + "crash for=0:01.000000 nodes=a amount=0 salt=0 when=now", "when= is not known here"},
      {command + "trigger=1 to= text=list", "to= names no node"},
      {command + "trigger=1 to=z text=list", "to=z is no list of nodes like a,b*,c@0:01.000000"},
      {command + "trigger=1 to=a text=list\n" + command + "trigger=1 to=a text=list",
       "trigger=1 is another command's, too: Slack names each once"}};
  for (const auto& [lines, why] : wrong) {
    const auto plan = parse_plan(options + lines + "\n");
    ASSERT_FALSE(plan) << lines;
    EXPECT_THAT(plan.error().message, testing::EndsWith(": " + why));
    EXPECT_THAT(plan.error().message, testing::StartsWith("line "));
  }
  EXPECT_FALSE(parse_plan("options nodes=99\n"));
  EXPECT_FALSE(parse_plan(""));
}

TEST(Faults, CanBeNamedAddedAndTakenOut) {
  EXPECT_EQ(to_text(*parse_faults("crash,partition")), "partition,crash");
  EXPECT_TRUE(parse_faults("default,flip-stored")->contains(FaultKind::kFlipStored));
  EXPECT_FALSE(parse_faults("default")->contains(FaultKind::kFlipStored));
  EXPECT_EQ(parse_faults("-wipe")->size() + 1, parse_faults("default")->size());
  EXPECT_TRUE(parse_faults("none")->empty());
  EXPECT_FALSE(parse_faults("frobnicate"));
}

}  // namespace

// Shrunk cases: what is written is a test. That it compiles, shrunk_example_test.cc shows, which is
// such a file and is compared here with what would be written.
#include "simulation/shrunk_case.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "simulation/run.h"
#include "simulation/shrink.h"
#include "tests/simulation/forgetful_store.h"

namespace {

using namespace simulation;

// The string that a compiler makes of the literals behind "kPlan =".
std::string plan_in(const std::string& file) {
  std::string text;
  bool inside = false;
  for (std::size_t i = file.find("kPlan ="); file[i] != ';' || inside; ++i) {
    if (file[i] == '"') {
      inside = !inside;
    } else if (inside && file[i] == '\\' && file[i + 1] >= '0' && file[i + 1] <= '7') {
      text += static_cast<char>(std::stoi(file.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else if (inside && file[i] == '\\') {
      text += file[++i] == 'n' ? '\n' : file[i];
    } else if (inside) {
      text += file[i];
    }
  }
  return text;
}

Plan small_plan() {
  Plan plan;
  plan.options.seed = 4;
  plan.options.nodes = 2;
  plan.options.length = 10s;
  plan.commands = {
      {1s, 1, "U1", "C1", "add a \"disk\" is full \\ what?\?! \xC3\xA9", {{0us, 0}}, {}},
      {2s, 2, "U2", "C1", "1 !red", {{0us, 1, true}}, {}}};
  plan.faults = {{FaultKind::kPartition, 1500ms, 3s, {0}, 0, 9}};
  return plan;
}

const Failure kFailure{"safety", "no acknowledged change is lost", "any", 3s};

TEST(ShrunkCase, HoldsThePlanWhateverWasTyped) {
  EXPECT_EQ(plan_in(test_of(small_plan(), kFailure)), to_text(small_plan()));
}

TEST(ShrunkCase, KeepsItsLinesShort) {
  std::istringstream lines(test_of(small_plan(), kFailure));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(ShrunkCase, IsTheFileThatIsCompiledBesideThisOne) {
  std::ifstream file(MUSTER_SOURCE_DIR "/tests/simulation/shrunk_example_test.cc");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, test_of(small_plan(), kFailure));
}

TEST(ShrunkCase, FailsAsTheRunDidThatItWasShrunkFrom) {
  RunSettings settings;
  settings.wrap = tests::ForgetfulStore::wrap();
  Options options;
  options.length = 30s;
  const Plan plan = draw_plan(draw_options(options, true));
  const Report report = run(plan, settings);
  ASSERT_TRUE(report.failure);
  const Try attempt = [&](const Plan& smaller) { return run(smaller, settings).failure; };
  const Shrunk shrunk = shrink(plan, *report.failure, attempt);
  EXPECT_LT(shrunk.plan.commands.size(), plan.commands.size());
  const auto read = parse_plan(plan_in(test_of(shrunk.plan, shrunk.failure)));
  ASSERT_TRUE(read) << read.error().message;
  const auto again = run(*read, settings).failure;
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, shrunk.failure);
}

}  // namespace

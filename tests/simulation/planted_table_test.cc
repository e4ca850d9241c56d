// The table of planted bugs: how a row reads; and, in the build that has them, that the simulator
// still finds those that it finds quickly, the canary first.
#include "simulation/planted_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "simulation/run.h"

namespace {

using namespace simulation;

TEST(PlantedTable, NamesEachBugOnceAndTellsWhatItDoes) {
  std::set<std::string_view> names;
  for (const PlantedBug& bug : planted_bugs()) {
    EXPECT_TRUE(names.insert(bug.name).second) << bug.name;
    EXPECT_FALSE(bug.story.empty()) << bug.name;
  }
}

TEST(PlantedTable, SaysHowManySeedsABugTookAndHowFewEventsShowIt) {
  TableRow row;
  row.bug = &planted_bugs().front();
  row.seeds = 3;
  const std::string begin = "| delta-past-gap | crdt | ";
  EXPECT_EQ(line_of(row), begin + "not in 3 seeds |  | |");
  row.failure = Failure{"safety", "nothing is lost", "", 1s};
  row.events_before = 40;
  row.events_after = 2;
  EXPECT_EQ(line_of(row), begin + "3 seeds | nothing is lost | 40, 2 |");
}

#ifdef MUSTER_PLANTED

class QuickBug : public testing::TestWithParam<const char*> {
 protected:
  ~QuickBug() override { static_cast<void>(plant("")); }
};

TEST_P(QuickBug, IsFoundWithinTenSeeds) {
  constexpr std::uint64_t kSeedsMax = 10;
  ASSERT_TRUE(plant(GetParam()));
  const auto bug = std::find_if(planted_bugs().begin(), planted_bugs().end(),
                                [](const PlantedBug& other) { return other.name == GetParam(); });
  bool found = false;
  for (std::uint64_t seed = 1; seed <= kSeedsMax && !found; ++seed) {
    Options options;
    options.seed = seed;
    options.length = 2min;
    options.faults = *parse_faults("default");
    options.store = bug->store;
    found = run(draw_plan(draw_options(options, false)), {}).failure.has_value();
  }
  EXPECT_TRUE(found) << "muster-sim --plant " << GetParam() << " --minutes 2 --seeds 1000";
}

INSTANTIATE_TEST_SUITE_P(Planted, QuickBug,
                         testing::Values("canary", "riak-dt-82", "only-winner-killed",
                                         "reply-does-not-wait", "letter-of-nobody",
                                         "mark-swept-early", "timeline-by-local-clock",
                                         "commit-without-sync"));

#else

TEST(PlantedTable, ThisBuildHasNoneOfThem) { EXPECT_FALSE(plant("canary")); }

#endif

}  // namespace

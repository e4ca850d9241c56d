// Whole runs: that they say the same twice, and that they find what is planted under them.
#include "simulation/run.h"

#include <gtest/gtest.h>

#include "simulation/report.h"
#include "tests/simulation/forgetful_store.h"

namespace {

using namespace simulation;

constexpr std::uint64_t kSeedsMax = 40;  // In which a planted bug has to show.

Plan plan_of(std::uint64_t seed, const std::string& faults, Duration length = 2min) {
  Options options;
  options.seed = seed;
  options.length = length;
  options.faults = *parse_faults(faults);
  return draw_plan(draw_options(options, false));
}

TEST(Run, OfASeedDoesTheSameToTheByte) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Plan plan = plan_of(seed, "default");
    const Report once = run(plan, {});
    const Report twice = run(plan, {});
    ASSERT_FALSE(once.failure) << line_of(*once.failure, seed, "");
    EXPECT_EQ(once.digest, twice.digest);
    EXPECT_EQ(to_json(once), to_json(twice));
  }
}

TEST(Run, OverLmdbDoesTheSameToTheByteAndFromItsWrittenPlan) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Plan plan = plan_of(seed, "default");
    plan.options.store = StoreKind::kLmdb;
    const auto read = parse_plan(to_text(plan));
    ASSERT_TRUE(read);
    const Report once = run(plan, {});
    ASSERT_FALSE(once.failure) << line_of(*once.failure, seed, "");
    EXPECT_EQ(to_json(once), to_json(run(*read, {})));
  }
}

TEST(Run, DoesTheSameFromItsWrittenPlan) {
  const Plan plan = plan_of(4, "default");
  const auto read = parse_plan(to_text(plan));
  ASSERT_TRUE(read);
  EXPECT_EQ(run(plan, {}).digest, run(*read, {}).digest);
}

TEST(Run, OfAnotherSeedDoesSomethingElse) {
  EXPECT_NE(run(plan_of(1, "none", 10s), {}).digest, run(plan_of(2, "none", 10s), {}).digest);
}

TEST(Run, WithoutFaultsAnswersEveryCommandAndIsEqualAtOnce) {
  const Report report = run(plan_of(5, "none"), {});
  ASSERT_FALSE(report.failure) << line_of(*report.failure, 5, "");
  EXPECT_EQ(report.unanswered, 0u);
  EXPECT_GT(report.acknowledged, 0u);
  EXPECT_LE(report.converged_after, 1s);
}

TEST(Run, DescribesTheStepThatItIsAskedFor) {
  const Plan plan = plan_of(1, "none", 5s);
  RunSettings settings;
  settings.keep_digests = true;
  settings.describe = 0;
  const Report report = run(plan, settings);
  EXPECT_EQ(report.description, "0:00.000000 node a starts, 0 octets: ");
  EXPECT_EQ(report.digests.size(), report.steps);
  EXPECT_EQ(report.digests.back(), report.digest);
}

TEST(Run, ComesBackFromItsReportAsJson) {
  const Report report = run(plan_of(1, "default", 20s), {});
  const auto read = parse_report(to_json(report));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(report));
}

// --- planted bugs -----------------------------------------------------------------------------

TEST(Run, FindsAStoreThatForgets) {
  RunSettings settings;
  settings.wrap = tests::ForgetfulStore::wrap();
  const Report report = run(plan_of(1, "none"), settings);
  ASSERT_TRUE(report.failure);
}

// A store whose syncs are lost: a power loss takes back what it said.
class UnsyncedStore final : public node::Store {
 public:
  explicit UnsyncedStore(MemoryDisk& disk) : disk_(disk) {}

  crdt::Transaction& begin() override { return disk_.begin(); }
  boost::system::result<void, node::CommitError> commit() override {
    disk_.set_lying(true);
    return disk_.commit();
  }
  void abort() override { disk_.abort(); }
  node::StoreSize size() const override { return disk_.size(); }

 private:
  MemoryDisk& disk_;
};

// The first seed whose run fails with this store under its nodes; 0 if none does.
std::uint64_t first_failing(const std::string& faults, const WrapStore& wrap) {
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    RunSettings settings;
    settings.wrap = wrap;
    if (run(plan_of(seed, faults), settings).failure) return seed;
  }
  return 0;
}

TEST(Run, FindsStoresWhoseSyncsAreLostWhenThePowerGoes) {
  const auto unsynced = [](MemoryDisk& disk) { return std::make_unique<UnsyncedStore>(disk); };
  EXPECT_NE(first_failing("all-down", unsynced), 0u);
}

}  // namespace

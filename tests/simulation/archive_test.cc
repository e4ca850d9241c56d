// What nodes forget is held against what they may forget.
#include "simulation/archive.h"

#include <gtest/gtest.h>

#include "crdt/edit.h"
#include "crdt/record.h"
#include "node/replica_records.h"
#include "simulation/memory_disk.h"
#include "simulation/slack_workspace.h"

namespace {

using namespace simulation;

constexpr crdt::WallTime kOld{std::chrono::seconds(1'790'000'000)};
constexpr crdt::WallTime kYoung{std::chrono::seconds(1'790'002'000)};

crdt::Horizon horizon_at(std::int64_t second) {
  crdt::Document document;
  crdt::Edit edit(document, crdt::ReplicaId{1}, {crdt::RequestId{}, ""}, {1}, {});
  crdt::move_horizon(edit, crdt::WallTime(std::chrono::seconds(second)));
  static_cast<void>(document.apply(edit.finish()));
  return crdt::Horizon(document);
}

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() {
    archive_.add_node(one_);
    archive_.add_node(other_);
  }

  static crdt::Record record(crdt::WallTime made) {
    return node::timeline_record("channel/T1/C1", made, SlackWorkspace::request_id(1), "entry");
  }

  static Archive::Batch put(const crdt::Record& record) {
    return {{{record.key, record.value}}, {}};
  }
  static Archive::Batch erased(const crdt::Record& record) {
    return {{}, {{record.key, record.value}}};
  }

  std::string property() { return verdict_.failure() ? verdict_.failure()->property : ""; }

  Scheduler scheduler_;
  Coverage coverage_;
  Verdict verdict_;
  Archive archive_{scheduler_, coverage_, verdict_};
  MemoryDisk one_;
  MemoryDisk other_;
  const crdt::Horizon none_;
  const crdt::Horizon later_ = horizon_at(1'790'001'000);
};

TEST_F(ArchiveTest, IsSilentWhereAllHadWhatIsForgotten) {
  archive_.committed(one_, put(record(kOld)), none_, none_);
  archive_.committed(other_, put(record(kOld)), none_, none_);
  archive_.committed(one_, erased(record(kOld)), none_, later_);
  EXPECT_EQ(property(), "");
  EXPECT_EQ(archive_.with_forgotten({}).timeline.size(), 1u);
  EXPECT_FALSE(archive_.lacking({}, later_));
}

TEST_F(ArchiveTest, SeesThatSomethingYoungIsErased) {
  archive_.committed(one_, put(record(kYoung)), none_, none_);
  archive_.committed(other_, put(record(kYoung)), none_, none_);
  archive_.committed(one_, erased(record(kYoung)), later_, later_);
  EXPECT_EQ(property(), "only what is below the horizon is forgotten");
}

TEST_F(ArchiveTest, SeesThatSomebodyNeverHadWhatIsForgotten) {
  archive_.committed(one_, put(record(kOld)), none_, none_);
  archive_.committed(one_, erased(record(kOld)), none_, later_);
  EXPECT_EQ(property(), "nothing is forgotten that somebody never had");
}

TEST_F(ArchiveTest, SeesThatSomethingForgottenComesBack) {
  archive_.committed(one_, put(record(kOld)), later_, later_);
  EXPECT_EQ(property(), "nothing that is forgotten comes back");
}

TEST_F(ArchiveTest, MissesWhatIsYoungAndGone) {
  archive_.committed(one_, put(record(kYoung)), none_, none_);
  EXPECT_TRUE(archive_.lacking({}, later_));
}

}  // namespace

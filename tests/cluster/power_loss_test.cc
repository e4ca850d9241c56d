// What a power cut may not take: every acknowledged command, once. And two proofs that this test
// can fail: the same load on disks that lie about what they hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/cluster/kill_load.h"

namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::StartsWith;
using tests::KillLoad;

constexpr int kAllEvery = 10;  // Where a peer of its own keeps what another loses, all must fail.

class PowerLoss : public testing::Test {
 protected:
  void SetUp() override {
#ifndef MUSTER_POWER_LOSS_SHIM
    GTEST_SKIP() << "a sanitizer's runtime lets nothing be preloaded before it";
#endif
  }

  void TearDown() override {
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("MUSTER_POWER_LOSS");
  }

  // Every process started from now on has such a disk (tests/support/power_loss/power_loss.cc).
  static void give_disks(const char* kind) {
#ifdef MUSTER_POWER_LOSS_SHIM
    ::setenv("LD_PRELOAD", MUSTER_POWER_LOSS_SHIM, 1);
#endif
    ::setenv("MUSTER_POWER_LOSS", kind, 1);
  }

  static void expect_losses(const std::vector<std::string>& complaints) {
    EXPECT_THAT(complaints, Contains(StartsWith("lost: ")));
    std::printf("%zu complaints\n", complaints.size());
  }
};

TEST_F(PowerLoss, NoAcknowledgedCommandIsLostOrDoubledByFiftyCuts) {
  give_disks("cut");
  KillLoad load({.all_every = kAllEvery});
  ASSERT_EQ(load.run(), "");
  EXPECT_THAT(load.complaints(), IsEmpty());
}

// As if the store did not sync.
TEST_F(PowerLoss, IsFoundOutWhereSyncsDoNothing) {
  give_disks("swallow");
  KillLoad load({.all_every = kAllEvery});
  ASSERT_EQ(load.run(), "");
  expect_losses(load.complaints());
}

// As if effects left before their commit: whatever a peer says is said while its commit can still
// be lost.
TEST_F(PowerLoss, IsFoundOutWhereEffectsLeaveBeforeTheirCommitIsDurable) {
  give_disks("late:1000");
  KillLoad load({.all_every = kAllEvery});
  ASSERT_EQ(load.run(), "");
  expect_losses(load.complaints());
}

}  // namespace

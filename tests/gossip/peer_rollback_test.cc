// Stores that go back in time without telling anybody: cursors must never vouch for rows that a
// later run wrote under the same numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "gossip/peer.h"
#include "tests/support/mesh.h"

namespace {

using test::Mesh;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

void cut_all(Mesh& mesh) {
  for (std::size_t a = 0; a < mesh.size(); ++a) {
    for (std::size_t b = a + 1; b < mesh.size(); ++b) mesh.cut(a, b);
  }
}

// What one link brings while it stands; nothing was written during it, so cursors did it alone.
bool session(Mesh& mesh, std::size_t a, std::size_t b) {
  mesh.heal(a, b);
  const bool quiet = mesh.settle(120);
  mesh.cut(a, b);
  return quiet;
}

TEST(PeerRollback, WhatTheRestoredStoreLostComesBackAndWhatItWroteSinceIsSeen) {
  Mesh mesh(2, 11);
  ASSERT_TRUE(mesh.settle());
  mesh.write(0, "k", "before", "1");
  ASSERT_TRUE(mesh.settle());
  const node::MemoryStore backup = mesh.snapshot(0);
  mesh.write(0, "k", "lost", "2");
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  mesh.roll_back(0, backup);
  mesh.write(0, "k", "since", "3");
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
  EXPECT_EQ(mesh.read(0, "k", "lost"), "2");
  EXPECT_EQ(mesh.read(1, "k", "since"), "3");
}

// Two runs can begin at one row: the first of them wrote only rows that the backup does not know.
// Their order was that of their random ids, so every other time the dead run's cursor covered the
// living run's rows.
TEST(PeerRollback, ACursorOfALostRunNeverCoversRowsOfTheRunThatCameAfterIt) {
  for (std::uint64_t seed = 20; seed < 40; ++seed) {
    Mesh mesh(2, seed);
    const node::MemoryStore backup = mesh.snapshot(0);  // Its run has begun and wrote nothing yet.
    ASSERT_TRUE(mesh.settle());
    for (int i = 0; i < 3; ++i) mesh.write(0, "lost" + std::to_string(i), "p", "v");
    ASSERT_TRUE(mesh.settle());
    mesh.cut(0, 1);
    mesh.roll_back(0, backup);
    for (int i = 0; i < 3; ++i) mesh.write(0, "since" + std::to_string(i), "p", "v");
    mesh.heal();
    ASSERT_TRUE(mesh.settle());
    ASSERT_EQ(mesh.read(1, "since1", "p"), "v") << "seed " << seed;
    ASSERT_TRUE(mesh.equal()) << "seed " << seed;
  }
}

// Found by the property below: the cursor was cut when it was used, and kept its number when the
// session's end stored it under the new run.
TEST(PeerRollback, ACursorThatWasCutDoesNotComeBackWithItsOldNumber) {
  Mesh mesh(2, 25);
  mesh.cut(0, 1);
  const node::MemoryStore backup = mesh.snapshot(0);
  for (int i = 0; i < 2; ++i) {
    mesh.write(1, "k", "p" + std::to_string(i), "v");
    ASSERT_TRUE(session(mesh, 0, 1));
  }
  mesh.roll_back(0, backup);
  ASSERT_TRUE(session(mesh, 0, 1));
  mesh.write(0, "k", "since", "v");
  ASSERT_TRUE(session(mesh, 0, 1));
  EXPECT_EQ(mesh.read(1, "k", "since"), "v");
  EXPECT_TRUE(mesh.equal());
}

// Sessions between two peers at a time, never a push: whatever was restored in between, one session
// of every pair in turn makes all equal.
TEST(PeerRollback, PullsByCursorsAloneMakeAllPeersEqualAfterAnyRollbacks) {
  for (std::uint64_t seed = 1'000; seed < 1'200; ++seed) {
    Mesh mesh(3, seed);
    cut_all(mesh);
    std::map<std::size_t, node::MemoryStore> backups;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t dice = mesh.rng().below(100);
      const std::size_t node = mesh.rng().below(3);
      if (dice < 45) {
        mesh.write(node, "k" + std::to_string(mesh.rng().below(3)),
                   "p" + std::to_string(mesh.rng().below(3)), std::to_string(step));
      } else if (dice < 70) {
        ASSERT_TRUE(session(mesh, node, (node + 1) % 3)) << "seed " << seed;
      } else if (dice < 80) {
        backups.insert_or_assign(node, mesh.snapshot(node));
      } else if (dice < 92) {
        if (backups.contains(node)) mesh.roll_back(node, backups.at(node));
      } else {
        mesh.restart(node);
      }
    }
    for (const auto& [a, b] : {std::pair{0, 1}, {1, 2}, {0, 2}, {0, 1}}) {
      ASSERT_TRUE(session(mesh, a, b)) << "seed " << seed;
    }
    ASSERT_TRUE(mesh.equal()) << "seed " << seed;
  }
}

TEST(PeerRollback, RandomSchedulesWithPushesAndRollbacksEndEqual) {
  for (std::uint64_t seed = 2'000; seed < 2'200; ++seed) {
    Mesh mesh(3, seed);
    std::map<std::size_t, node::MemoryStore> backups;
    for (int step = 0; step < 120; ++step) {
      const std::uint64_t dice = mesh.rng().below(100);
      const std::size_t node = mesh.rng().below(3);
      if (dice < 30) {
        mesh.write(node, "k" + std::to_string(mesh.rng().below(3)), "p", std::to_string(step));
      } else if (dice < 75) {
        mesh.deliver_one();
      } else if (dice < 83) {
        mesh.pass_time();
      } else if (dice < 87) {
        mesh.cut(node, (node + 1) % 3);
      } else if (dice < 92) {
        mesh.heal();
      } else if (dice < 96) {
        backups.insert_or_assign(node, mesh.snapshot(node));
      } else if (backups.contains(node)) {
        mesh.roll_back(node, backups.at(node));
      }
    }
    mesh.heal();
    ASSERT_TRUE(mesh.settle(120)) << "seed " << seed;
    ASSERT_TRUE(mesh.equal()) << "seed " << seed;
    ASSERT_THAT(mesh.notices(), Not(Contains(HasSubstr(": it ")))) << "seed " << seed;
  }
}

}  // namespace

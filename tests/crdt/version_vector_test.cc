#include "crdt/version_vector.h"

#include <gtest/gtest.h>

#include "tests/support/case_count.h"
#include "tests/support/property.h"

namespace tests {
namespace {

using crdt::Dot;
using crdt::ReplicaId;
using crdt::VersionVector;

constexpr ReplicaId kA{1};
constexpr ReplicaId kB{2};
constexpr ReplicaId kC{3};

// Counters 0 to 3 of five replicas: small enough that vectors meet.
VersionVector any_vector() {
  VersionVector vector;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    vector.advance(ReplicaId{id}, static_cast<std::uint64_t>(*rc::gen::inRange(0, 4)));
  }
  return vector;
}

VersionVector joined(VersionVector a, const VersionVector& b) {
  a.join(b);
  return a;
}

TEST(VersionVector, CoversADotOnlyUpToItsCounter) {
  const VersionVector vector{{kB, 2}};
  EXPECT_TRUE(vector.covers(Dot{kB, 2}));
  EXPECT_FALSE(vector.covers(Dot{kB, 3}));
  EXPECT_FALSE(vector.covers(Dot{kA, 1}));
  EXPECT_EQ(vector.of(kC), 0u);
}

TEST(VersionVector, HoldsNoZeroAndSortsItsEntries) {
  const VersionVector vector{{kC, 1}, {kB, 0}, {kA, 4}};
  EXPECT_EQ(vector.entries(), (std::vector<VersionVector::Entry>{{kA, 4}, {kC, 1}}));
}

TEST(VersionVector, SaysWhetherAJoinRaisedAnything) {
  VersionVector vector{{kA, 2}};
  EXPECT_FALSE(vector.join({{kA, 1}}));
  EXPECT_TRUE(vector.join({{kA, 1}, {kB, 1}}));
  EXPECT_EQ(vector, (VersionVector{{kA, 2}, {kB, 1}}));
}

TEST(VersionVectorDeathTest, NeverShrinks) {
  VersionVector vector{{kA, 2}};
  EXPECT_DEATH(vector.advance(kA, 1), "CHECK");
}

TEST(VersionVectorLaw, JoinIsTheLeastUpperBound) {
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [] {
                             const VersionVector a = any_vector();
                             const VersionVector b = any_vector();
                             const VersionVector c = any_vector();
                             const VersionVector ab = joined(a, b);
                             RC_ASSERT(ab == joined(b, a));
                             RC_ASSERT(joined(ab, c) == joined(a, joined(b, c)));
                             RC_ASSERT(joined(a, a) == a);
                             RC_ASSERT(ab.covers(a) && ab.covers(b));
                             RC_ASSERT(!c.covers(a) || !c.covers(b) || c.covers(ab));
                           }),
            "");
}

TEST(VersionVectorLaw, WhatIsAheadIsExactlyWhatAJoinLacks) {
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [] {
                             const VersionVector a = any_vector();
                             const VersionVector base = any_vector();
                             const VersionVector ahead = a.ahead_of(base);
                             RC_ASSERT(joined(base, ahead) == joined(base, a));
                             RC_ASSERT(ahead.empty() == base.covers(a));
                             for (const auto& [replica, counter] : ahead.entries()) {
                               RC_ASSERT(counter == a.of(replica) && counter > base.of(replica));
                             }
                           }),
            "");
}

}  // namespace
}  // namespace tests

// Ksuid and HybridTime.
#include <gtest/gtest.h>

#include <limits>

#include "crdt/hybrid_time.h"
#include "crdt/ksuid.h"
#include "tests/support/case_count.h"
#include "tests/support/choices.h"

namespace tests {
namespace {

using crdt::HybridClock;
using crdt::HybridTime;
using crdt::Ksuid;
using crdt::WallTime;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::uint64_t kAllOnes = std::numeric_limits<std::uint64_t>::max();
constexpr Ksuid kGreatest{std::numeric_limits<std::uint32_t>::max(), {kAllOnes, kAllOnes}};

TEST(Ksuid, ReadsAndWritesThePublishedEnds) {
  EXPECT_EQ(crdt::to_string(Ksuid{}), "000000000000000000000000000");
  EXPECT_EQ(crdt::to_string(kGreatest), "aWgEPTl1tmebfsQzFP4bxwgy80V");
  EXPECT_EQ(crdt::parse_ksuid("aWgEPTl1tmebfsQzFP4bxwgy80V").value(), kGreatest);
}

// The example of the source's README: its raw form, its text and its time.
TEST(Ksuid, ReadsThePublishedExample) {
  const Ksuid id = crdt::parse_ksuid("0ujtsYcgvSTl8PAuAdqWYSMnLOv").value();
  EXPECT_EQ(crdt::to_hex(crdt::to_bytes(id)), "0669f7efb5a1cd34b5f99d1154fb6853345c9735");
  EXPECT_EQ(id.seconds, 107'608'047u);
}

TEST(Ksuid, RefusesWhatIsNoKsuid) {
  EXPECT_FALSE(crdt::parse_ksuid(""));
  EXPECT_FALSE(crdt::parse_ksuid("00000000000000000000000000"));
  EXPECT_FALSE(crdt::parse_ksuid("00000000000000000000000000-"));
  EXPECT_FALSE(crdt::parse_ksuid("aWgEPTl1tmebfsQzFP4bxwgy80W"));  // One past the greatest.
  EXPECT_FALSE(crdt::parse_ksuid("zzzzzzzzzzzzzzzzzzzzzzzzzzz"));
  EXPECT_FALSE(crdt::ksuid_from_bytes(crdt::Bytes(19, 'x')));
}

TEST(Ksuid, MovesTimesOutsideItsRangeToTheNearerEnd) {
  EXPECT_EQ(crdt::ksuid_at(WallTime{}, {}).seconds, 0u);
  EXPECT_EQ(crdt::ksuid_at(WallTime(seconds(9'000'000'000)), {}).seconds, kGreatest.seconds);
  const Ksuid id = crdt::ksuid_at(WallTime(microseconds(1'400'000'005'999'999)), {1, 2});
  EXPECT_EQ(id, (Ksuid{5, {1, 2}}));
  EXPECT_EQ(crdt::time_of(id), WallTime(seconds(1'400'000'005)));
}

TEST(KsuidLaw, TextAndBytesComeBackAndSortAsTheIdDoes) {
  Ksuid last;
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    SeededChoices choices(seed);
    const Ksuid id{static_cast<std::uint32_t>(choices.below(std::uint64_t{1} << 32)),
                   {choices.below(kAllOnes), choices.below(kAllOnes)}};
    ASSERT_EQ(crdt::parse_ksuid(crdt::to_string(id)).value(), id);
    ASSERT_EQ(crdt::ksuid_from_bytes(crdt::to_bytes(id)).value(), id);
    ASSERT_EQ(id < last, crdt::to_string(id) < crdt::to_string(last));
    ASSERT_EQ(id < last, crdt::to_bytes(id) < crdt::to_bytes(last));
    last = id;
  }
}

constexpr WallTime kNoon{seconds(1'700'000'000)};

TEST(HybridTime, FollowsItsOwnClockAndCountsWithinAMicrosecond) {
  HybridClock clock;
  EXPECT_EQ(clock.tick(kNoon), (HybridTime{kNoon, 0}));
  EXPECT_EQ(clock.tick(kNoon), (HybridTime{kNoon, 1}));
  EXPECT_EQ(clock.tick(kNoon + seconds(1)), (HybridTime{kNoon + seconds(1), 0}));
}

TEST(HybridTime, NeverGoesBackWhenItsClockDoes) {
  HybridClock clock;
  const HybridTime before = clock.tick(kNoon);
  EXPECT_GT(clock.tick(kNoon - seconds(3'600)), before);
}

TEST(HybridTime, FollowsAPeerThatIsALittleAhead) {
  HybridClock clock;
  const HybridTime peer{kNoon + seconds(59), 7};
  EXPECT_GT(clock.observe(kNoon, peer), peer);
}

TEST(HybridTime, NeverFollowsAPeerFurtherThanAMinute) {
  HybridClock clock;
  const HybridTime peer{kNoon + seconds(365 * 86'400), 0};
  const HybridTime limit{kNoon + microseconds(crdt::kPeerLeadMicros), 1};
  EXPECT_LE(clock.observe(kNoon, peer), limit);
  EXPECT_EQ(clock.observe(kNoon + seconds(61), {kNoon, 0}).wall, kNoon + seconds(61));
}

TEST(HybridTime, CarriesAFullCountIntoTheTime) {
  HybridClock clock;
  clock.observe(kNoon, {kNoon, std::numeric_limits<std::uint32_t>::max()});
  EXPECT_EQ(clock.last(), (HybridTime{kNoon + microseconds(1), 0}));
}

TEST(HybridTimeLaw, OnlyGoesUpAndStaysWithinAMinuteOfTheGreatestClockSeen) {
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    SeededChoices choices(seed);
    HybridClock clock;
    HybridTime last;
    WallTime latest{};
    for (int i = 0; i < 8; ++i) {
      const WallTime now = kNoon + seconds(choices.below(300));
      latest = std::max(latest, now);
      const HybridTime peer{kNoon + seconds(choices.below(100'000)), 0};
      const HybridTime next = choices.percent(50) ? clock.tick(now) : clock.observe(now, peer);
      ASSERT_GT(next, last) << seed;
      ASSERT_LE(next.wall, latest + microseconds(crdt::kPeerLeadMicros)) << seed;
      last = next;
    }
  }
}

}  // namespace
}  // namespace tests

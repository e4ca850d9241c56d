#include "slack/field_write.h"

#include <gtest/gtest.h>

#include "slack/signature.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Edit;
using crdt::Rank;
using std::chrono::seconds;

constexpr seconds kNow{1'790'000'000};

Rank rank_at(seconds time) { return {std::chrono::microseconds(time).count()}; }

// What a request that was signed at `asked` makes of a field whose value has `rank`, on a peer
// whose clock shows `now`.
slack::Written write_over(Rank rank, seconds asked, seconds now) {
  CrdtPeer peer(0);
  peer.edit([&](Edit& edit) { edit.write_ranked("x", "theirs", rank, edit.stamp()); }, 1);
  Edit edit(peer.document, crdt::ReplicaId{9}, {{2, 2}, "U2"}, rank_at(asked));
  return slack::write_field(edit, "x", "mine", "", false, crdt::WallTime(now));
}

TEST(FieldWrite, KeepsWhatWasAskedForInALaterSecond) {
  EXPECT_EQ(write_over(rank_at(kNow + seconds(1)), kNow, kNow + seconds(2)),
            slack::Written::kKeptNewer);
  EXPECT_EQ(write_over(rank_at(kNow), kNow, kNow), slack::Written::kWritten);
}

// The clock is minutes slow: it takes a five-minute-old request for one of its future, and what
// was asked for since then lies further ahead still.
TEST(FieldWrite, ALateRetryBeatsNoLaterChangeOnAPeerWhoseClockIsSlow) {
  const seconds slow = kNow - slack::kSignatureAgeMax;
  EXPECT_EQ(write_over(rank_at(kNow + slack::kSignatureAgeMax), kNow, slow),
            slack::Written::kKeptNewer);
}

TEST(FieldWrite, ARankThatNoClockExplainsDoesNotLockTheField) {
  const seconds absurd = kNow + 2 * slack::kSignatureAgeMax + seconds(1);
  EXPECT_EQ(write_over(rank_at(absurd), kNow, kNow), slack::Written::kWritten);
}

}  // namespace
}  // namespace tests

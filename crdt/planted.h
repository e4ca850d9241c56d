// Planted: bugs that are put in on purpose, to prove that the simulator finds such bugs.
//
// Shape    each stands in one condition, `crdt::planted(crdt::Bug::kX)`, which is a constant false:
//          a normal build has neither code nor branch for it. With the CMake option MUSTER_PLANTED
//          (preset `planted`) one bug is on for the whole process, chosen by name before anything
//          else runs. Names and stories: simulation/planted.h.
// Source   each is a bug that another system had, or a looser rule that a model broke.
#pragma once

#ifdef MUSTER_PLANTED
#include <optional>
#endif

namespace crdt {

enum class Bug {
  // crdt/
  kDeltaPastGap,
  kFragmentWithoutAsker,
  kIntervalFromAsker,
  kAkka22648,
  kRiakDt82,
  kRiakDt90,
  kCrSqlite299,
  kOnlyWinnerKilled,
  kOwnPastLeftOut,
  kDeadLeafRevived,
  kTurso8129,
  kUnknownRunTrusted,
  kMarkSweptEarly,
  kCounterRewritten,
  kRevocationPurged,
  // gossip/
  kChitchat121,
  kCursorOverGap,
  kCursorBeforeTail,
  kCursorOfAnotherRun,
  kSourceOnTrust,
  kGapForgotten,
  kParkedVouchedFor,
  kStaleRowLeftOut,
  kAckBeforeDurable,
  // slack/
  kRankFromLocalClock,
  kCoreMissing,
  kEchoShown,
  kLateRequestWins,
  kGuessInsteadOfAsking,
  kLetterOfNobody,
  kTaskIdFromPeer,
  kNamedBySignature,
  // node/
  kIdPerStore,
  kEffectsBeforeCommit,
  kCommitWithoutSync,
  kMemoryKept,
  kAnswerOfFailedCommit,
  kReplyDoesNotWait,
  kTimelineByLocalClock,
  kJournalTrimmedEarly,
  kCanary,
};

#ifdef MUSTER_PLANTED
inline std::optional<Bug> planted_bug;

[[nodiscard]] inline bool planted(Bug bug) { return planted_bug == bug; }
#else
[[nodiscard]] constexpr bool planted(Bug) { return false; }
#endif

}  // namespace crdt

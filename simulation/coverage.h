// Coverage: marks at rare paths of a run, and how often each was passed. A mark that no seed of a
// long run reaches says that the simulator does not try what it says it tries.
//
// Shape    every mark is declared here, so that one which is never reached shows as 0.
// Source   FoundationDB's CODE_PROBE, Antithesis's "sometimes" assertions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace simulation {

enum class Mark {
  kCommandAnswered,
  kCommandRetried,
  kRetryResigned,
  kDeliveryDoubled,
  kDeliveredLate,
  kAnswerRefused,
  kNobodyAnswered,
  kSignatureRefused,
  kTaskAsked,  // Muster asked which task was meant.
  kConflictShown,
  kLetteredTask,
  kDialRefused,
  kDialTimedOut,
  kLinkReset,
  kFrameBroken,
  kBitFlippedOnTheWay,
  kBytesReplayed,
  kStrangerReplayed,
  kBytesHeldBack,
  kHalfOpenLink,
  kCrashBetweenBatches,
  kCrashWithinBatch,
  kCrashBeforeCommit,
  kCrashAfterCommit,
  kCrashBeforeEffects,
  kCrashWhileStarting,
  kCommitFailed,
  kCommitFailedButKept,
  kDiskWasFull,
  kReadOnlyAnswer,
  kWipedWithUnsharedChanges,
  kNodePaused,
  kClockStepped,
  kHandledTwice,  // One request on two peers that did not know of each other.
  kBareNumberMeantTwo,
  kAllHadIt,           // A change was answered because every peer had it, and that was looked up.
  kSpreadLookedUp,     // Whether all peers had a change soon, in calm, was looked up.
  kSharedNumberMeant,  // A command named a number that two tasks had.
  kHorizonMoved,       // Of one node's store.
  kRecordForgotten,    // By the first node.
  kPutBack,            // A machine went on with an older memory and an older disk.
  kCaughtUp,           // A store that went back in time, or was new, was whole again.
  kHealed,
  kBrokenRemainder,
};

inline constexpr std::size_t kMarks = static_cast<std::size_t>(Mark::kBrokenRemainder) + 1;

[[nodiscard]] std::string_view name_of(Mark mark);

class Coverage {
 public:
  void reach(Mark mark) { ++counts_[static_cast<std::size_t>(mark)]; }
  void add(Mark mark, std::uint64_t count) { counts_[static_cast<std::size_t>(mark)] += count; }
  [[nodiscard]] std::uint64_t count(Mark mark) const {
    return counts_[static_cast<std::size_t>(mark)];
  }
  void add(const Coverage& other) {
    for (std::size_t i = 0; i < kMarks; ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] std::size_t reached() const {
    std::size_t marks = 0;
    for (const std::uint64_t count : counts_) marks += count > 0 ? 1 : 0;
    return marks;
  }

 private:
  std::array<std::uint64_t, kMarks> counts_{};
};

}  // namespace simulation

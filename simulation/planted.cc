#include "simulation/planted.h"

#include <algorithm>
#include <array>
#include <string>

namespace simulation {
namespace {

using crdt::Bug;

// "m0" to "m9" are the random models that the design was drawn from, with how often each looser
// rule broke.
constexpr std::array kBugs{
    // --- crdt/ ---
    PlantedBug{Bug::kDeltaPastGap, "delta-past-gap", "crdt",
               "a delta is applied although what it follows is missing; two states under one "
               "vector (m0: within ten events)"},
    PlantedBug{Bug::kFragmentWithoutAsker, "fragment-without-asker", "crdt",
               "a fragment is merged where the vector it was asked with is not covered (m1: 789 of "
               "4,000)",
               "a fragment handed to somebody else"},
    PlantedBug{Bug::kIntervalFromAsker, "interval-from-asker", "crdt",
               "what a fragment brought counts from the vector that was asked with, although more "
               "has come since"},
    PlantedBug{Bug::kAkka22648, "akka-22648", "crdt",
               "akka #22648: a group of deltas does not take away what was put and removed within "
               "it, so deltas merge to another map than states; also m1's forwarded fragments (31 "
               "of 20,000)"},
    PlantedBug{Bug::kRiakDt82, "riak-dt-82", "crdt",
               "riak_dt #82: a field on both sides of a merge is taken as present, though each "
               "side removed what the other still held"},
    PlantedBug{Bug::kRiakDt90, "riak-dt-90", "crdt",
               "riak_dt #90: fields of one event share its name in a merge, and one of them stands "
               "for all"},
    PlantedBug{Bug::kCrSqlite299, "cr-sqlite-299", "crdt",
               "cr-sqlite #299: documents are versioned whole and merged cell by cell, the greater "
               "cell winning, so which of two values stays depends on who came first"},
    PlantedBug{Bug::kOnlyWinnerKilled, "only-winner-killed", "crdt",
               "a write to a register replaces the value that was shown, not its rivals: Riak's "
               "sibling explosion"},
    PlantedBug{Bug::kOwnPastLeftOut, "own-past-left-out", "crdt",
               "a compressed delta does not name its writer's own earlier event, so its interval "
               "begins at the first"},
    PlantedBug{Bug::kDeadLeafRevived, "dead-leaf-revived", "crdt",
               "an interval brings back a leaf that its receiver knows as dead"},
    PlantedBug{Bug::kTurso8129, "turso-8129", "crdt",
               "Turso #8129: a store comes back from a backup, the others' cursors stand past its "
               "end and stay there, so what it writes next is taken for known; a known run is not "
               "cut to where it ended (m3)",
               "rollbacks"},
    PlantedBug{Bug::kUnknownRunTrusted, "unknown-run-trusted", "crdt",
               "a cursor that names a run this store never had counts all the same (m3)"},
    PlantedBug{Bug::kMarkSweptEarly, "mark-swept-early", "crdt",
               "requests are forgotten after thirty seconds, and Slack retries later than that "
               "(m6)"},
    PlantedBug{Bug::kCounterRewritten, "counter-rewritten", "crdt",
               "a counter's writers share one leaf and rewrite each other's sums (m5)",
               "a counter"},
    PlantedBug{Bug::kRevocationPurged, "revocation-purged", "crdt",
               "a revocation leaves nothing behind, so a grant that never saw it wins (m4: 27 of "
               "60,000)",
               "a remove-wins set"},
    // --- gossip/ ---
    PlantedBug{Bug::kChitchat121, "chitchat-121", "gossip",
               "chitchat #121: the sender's position moves with a transfer of which only a part "
               "has come; the cursor moves while documents of the offer are still wanted"},
    PlantedBug{Bug::kCursorOverGap, "cursor-over-gap", "gossip",
               "a push moves the cursor over rows before it that never came (m3)"},
    PlantedBug{Bug::kCursorBeforeTail, "cursor-before-tail", "gossip",
               "a scan sets the cursor before it reached the log's end; rows that moved on "
               "meanwhile are not covered (m3)"},
    PlantedBug{Bug::kCursorOfAnotherRun, "cursor-of-another-run", "gossip",
               "a position in one run's rows is kept for the run that follows (m3)"},
    PlantedBug{Bug::kSourceOnTrust, "source-on-trust", "gossip",
               "rows that came first-hand from a known third peer are taken as covered, however "
               "far they reach"},
    PlantedBug{Bug::kGapForgotten, "gap-forgotten", "gossip",
               "a push that came before what it builds on is dropped, and nobody asks again"},
    PlantedBug{Bug::kParkedVouchedFor, "parked-vouched-for", "gossip",
               "an offer is settled, and the cursor moves, over a push that still waits"},
    PlantedBug{Bug::kStaleRowLeftOut, "stale-row-left-out", "gossip",
               "a row is left out because a later one names its document, though that one came "
               "from a peer and is not offered by name"},
    PlantedBug{Bug::kAckBeforeDurable, "ack-before-durable", "gossip",
               "a push is acknowledged as it arrives, whether it can be applied or not"},
    // --- slack/ ---
    PlantedBug{Bug::kRankFromLocalClock, "rank-from-local-clock", "slack",
               "a write is ranked by the clock of the peer that took it, not by Slack's time (m6)"},
    PlantedBug{Bug::kCoreMissing, "core-missing", "slack",
               "an add during a split leaves its core leaf out: half a task (m2)"},
    PlantedBug{Bug::kEchoShown, "echo-shown", "slack",
               "a late retry, signed anew, beats a change that saw the original (m6: 5,885 of "
               "40,000)"},
    PlantedBug{Bug::kLateRequestWins, "late-request-wins", "slack",
               "a request that comes late replaces what was asked for after it (m6)"},
    PlantedBug{Bug::kGuessInsteadOfAsking, "guess-instead-of-asking", "slack",
               "of two tasks with one number the first is changed, and nobody is asked (m8)"},
    PlantedBug{Bug::kLetterOfNobody, "letter-of-nobody", "slack",
               "tasks made on both sides of a split have one letter: nothing tells them apart "
               "(m8)"},
    PlantedBug{Bug::kTaskIdFromPeer, "task-id-from-peer", "slack",
               "a task's id depends on the peer that made it, so a retry makes a second one"},
    PlantedBug{Bug::kNamedBySignature, "named-by-signature", "slack",
               "a request is named by its signature, so a retry that was signed anew is another"},
    // --- node/ ---
    PlantedBug{Bug::kIdPerStore, "id-per-store", "node",
               "a replica id belongs to a store and not to a process: after a rollback or a wipe "
               "dots are minted twice (m1f: 718 of 40,000; Riak kv679)"},
    PlantedBug{Bug::kEffectsBeforeCommit, "effects-before-commit", "node",
               "answers and gossip leave before the commit that made them is durable"},
    PlantedBug{Bug::kCommitWithoutSync, "commit-without-sync", "node",
               "the store commits without syncing: a power loss takes back what was answered",
               "--store lmdb", StoreKind::kLmdb},
    PlantedBug{Bug::kMemoryKept, "memory-kept", "node",
               "after a failed commit the Replica goes on with what it remembers"},
    PlantedBug{Bug::kAnswerOfFailedCommit, "answer-of-failed-commit", "node",
               "requests of a batch whose commit failed are answered from memory, as if it had "
               "not"},
    PlantedBug{Bug::kReplyDoesNotWait, "reply-does-not-wait", "node",
               "a change is answered before the other peers have it"},
    PlantedBug{Bug::kTimelineByLocalClock, "timeline-by-local-clock", "node",
               "a timeline record is keyed with the peer's own clock, so a retry makes a second "
               "one"},
    PlantedBug{Bug::kJournalTrimmedEarly, "journal-trimmed-early", "node",
               "the journal is trimmed before what it holds has reached its place", "a journal"},
    PlantedBug{Bug::kCanary, "canary", "node",
               "changes are answered and not stored: whoever does not see this sees nothing"},
};

}  // namespace

std::span<const PlantedBug> planted_bugs() { return kBugs; }

crdt::Result<void> plant(std::string_view name) {
  const auto found = std::find_if(kBugs.begin(), kBugs.end(),
                                  [&](const PlantedBug& bug) { return bug.name == name; });
  if (found == kBugs.end() && !name.empty()) {
    return crdt::Error("there is no planted bug called \"" + std::string(name) +
                       "\"; --list-planted names them");
  }
#ifdef MUSTER_PLANTED
  crdt::planted_bug.reset();
  if (found != kBugs.end()) crdt::planted_bug = found->bug;
#else
  if (!name.empty())
    return crdt::Error(
        "this build has no planted bugs. Build one that has: ./run build planted, then "
        "build/planted/muster-sim");
#endif
  return {};
}

}  // namespace simulation

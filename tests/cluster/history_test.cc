// Proves that the checker of recorded histories can fail: each promise is broken once, by hand, and
// what only looks like a broken one is left alone.
#include "tests/cluster/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::IsEmpty;
using testing::StartsWith;
using tests::Attempt;
using tests::FinalLists;
using tests::TypedCommand;
using Kind = TypedCommand::Kind;

constexpr const char* kRoom = "room-1";

// One room, whose commands are answered a millisecond after they were sent.
class HistoryCheck : public testing::Test {
 protected:
  TypedCommand& typed(Kind kind, const std::string& mark, int peer, int at_ms, bool acked = true) {
    TypedCommand command{.kind = kind, .room = kRoom, .job = "job-1", .mark = mark};
    command.attempts = {Attempt{.peer = peer, .sent = milliseconds(at_ms), .acknowledged = acked}};
    if (acked) command.attempts[0].heard = milliseconds(at_ms + 1);
    commands_.push_back(command);
    return commands_.back();
  }

  void add(int peer, int at_ms) { typed(Kind::kAdd, "job-1", peer, at_ms); }
  void assign(const std::string& who, int peer, int at_ms) {
    typed(Kind::kAssign, who, peer, at_ms);
  }
  void reword(const std::string& wording, int peer, int at_ms, bool acked = true) {
    typed(Kind::kReword, wording, peer, at_ms, acked);
  }
  void listed(const std::string& list, int peer, int at_ms) {
    typed(Kind::kList, "", peer, at_ms).attempts[0].answer = list;
  }

  [[nodiscard]] std::vector<std::string> at_the_end(const std::string& one,
                                                    const std::string& two) const {
    return tests::broken_promises(commands_, FinalLists{{1, {{kRoom, one}}}, {2, {{kRoom, two}}}});
  }
  [[nodiscard]] std::vector<std::string> at_the_end(const std::string& both) const {
    return at_the_end(both, both);
  }

  std::vector<TypedCommand> commands_;
};

TEST_F(HistoryCheck, FindsNothingWhereEverythingIsThere) {
  add(1, 0);
  assign("UA", 2, 10);
  reword("v1", 1, 20);
  reword("v2", 2, 30);
  listed("🔵 #1 job-1 v1 · !assigned · @UA", 1, 25);
  EXPECT_THAT(at_the_end("2 tasks of 2\n🔵 #1 job-1 v2 · !assigned · @UA\n🔴 #2 job-12 · !red"),
              IsEmpty());
}

TEST_F(HistoryCheck, FindsATaskThatIsLostOrThereTwice) {
  add(1, 0);
  EXPECT_THAT(at_the_end("No tasks yet."), Contains(StartsWith("lost: job-1")));
  EXPECT_THAT(at_the_end("🔵 #1 job-12 · !red"), Contains(StartsWith("lost: job-1")));
  EXPECT_THAT(at_the_end("🔵 #1a job-1 · !red\n🔵 #1b job-1 · !red"),
              Contains(StartsWith("twice: job-1")));
}

TEST_F(HistoryCheck, WhatWasNotAcknowledgedMayBeThereOrNot) {
  typed(Kind::kAdd, "job-1", 1, 0, false);
  EXPECT_THAT(at_the_end("No tasks yet."), IsEmpty());
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"), IsEmpty());
}

TEST_F(HistoryCheck, FindsALostAssigneeAndAStrayOne) {
  add(1, 0);
  assign("UA", 2, 10);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"), Contains(StartsWith("lost: job-1 UA")));
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red · @UA\n🔵 #2 job-2 · !red · @UA"),
              Contains(StartsWith("strayed: UA")));
}

TEST_F(HistoryCheck, AWordingIsLostUnlessOneThatMayHaveSeenItStands) {
  add(1, 0);
  reword("v1", 1, 10);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"), Contains(StartsWith("lost: job-1 v1")));
  reword("v2", 2, 20);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 v2 · !red"), IsEmpty());
  EXPECT_THAT(at_the_end("🔵 #1 job-1 v1 · !red"), Contains(StartsWith("lost: job-1 v2")));
}

TEST_F(HistoryCheck, AWordingWithoutAnAnswerMayReplaceAnythingLater) {
  add(1, 0);
  reword("v1", 1, 10, false);
  reword("v2", 2, 20);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 v1 · !red"), IsEmpty());
}

TEST_F(HistoryCheck, BothOfTwoConcurrentWordingsStandInTheConflictsLine) {
  add(1, 0);
  reword("v1", 1, 10);
  reword("v2", 2, 10);
  EXPECT_THAT(
      at_the_end("🔵 #1 job-1 v2 · !red\n⚠️ #1 has 2 values: “job-1 v2” by @UB (shown), "
                 "“job-1 v1” by @UA. To settle it, set it again."),
      IsEmpty());
}

TEST_F(HistoryCheck, FindsAReplacedWordingThatComesBack) {
  add(1, 0);
  reword("v1", 1, 10);
  reword("v2", 1, 20);
  EXPECT_THAT(
      at_the_end(
          "🔵 #1 job-1 v2 · !red\n⚠️ #1 has 2 values: “job-1 v2”, “job-1 v1”"),
      Contains(StartsWith("came back: job-1 v1 after v2")));
}

TEST_F(HistoryCheck, FindsAPeerThatForgetsWhatItAcknowledgedOrShowed) {
  add(1, 0);
  listed("No tasks yet.", 2, 10);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"), IsEmpty()) << "another peer may be behind";
  listed("No tasks yet.", 1, 10);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"), Contains(StartsWith("forgotten: job-1, at 10 ms")));
  listed("🔵 #1 job-1 · !red", 2, 20);
  listed("No tasks yet.", 2, 30);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red"),
              Contains(StartsWith("forgotten: job-1 shown at 20 ms on peer 2, at 30 ms")));
}

TEST_F(HistoryCheck, FindsPeersThatShowDifferentThings) {
  add(1, 0);
  EXPECT_THAT(at_the_end("🔵 #1 job-1 · !red", "🔵 #1 job-1 · !green"),
              Contains(StartsWith("unequal: room-1, peers 1 and 2")));
}

TEST(HistoryAnswers, AChangeIsAcknowledgedByATaskThatShowsItAndByNothingElse) {
  const auto acknowledged = [](const std::string& answer) {
    tests::History history;
    const auto command = history.typed({.kind = Kind::kReword, .mark = "v7"});
    return history.heard(command, history.sent(command, 1), answer, "");
  };
  EXPECT_TRUE(acknowledged("🔵 #1 job-1 v7 · !assigned"));
  EXPECT_FALSE(
      acknowledged("🔵 #1 job-1 v8 · !assigned\n#1: you wrote “job-1 v7”; @UB wrote "
                   "“job-1 v8” 3 s after. Kept: “job-1 v8”."));
  EXPECT_FALSE(acknowledged("🤔 There is no task #1: v7.\nNothing was changed."));
  EXPECT_FALSE(acknowledged("The disk of this peer is full."));
}

}  // namespace

#include "slack/incident/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/handled_set.h"
#include "tests/slack/incident/channel.h"

namespace slack::incident {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::Channel;
using tests::request_of;
using tests::sync;
using tests::Typed;

TEST(Decide, NumbersTasksFromOneAndNeverReusesANumber) {
  Channel a('a');
  a.type("add disk full");
  a.type("add cert expired <@U2> !red");
  EXPECT_THAT(a.board(), ElementsAre("1 assigned disk full []", "2 red cert expired [U2]"));
  a.type("cancel 2");
  a.type("add third");
  EXPECT_THAT(a.board().back(), "3 assigned third []");
}

TEST(Decide, ChangesEveryFieldOfATask) {
  Channel a('a');
  a.type("add disk full <@U2>");
  a.type("1 !yellow me -<@U2> : disk full on db-3");
  EXPECT_THAT(a.board(), ElementsAre("1 yellow disk full on db-3 [U1]"));
}

TEST(Decide, FinishesTakesAndDropsSeveralTasksAtOnce) {
  Channel a('a');
  a.type("add one");
  a.type("add two");
  a.type("take 1 2", "U7");
  a.type("drop 2", "U7", 1'000'001);
  a.type("done 1 2", "U7", 1'000'002);
  EXPECT_THAT(a.board(), ElementsAre("1 done one [U7]", "2 done two []"));
  a.type("reopen 1", "U7", 1'000'003);
  EXPECT_THAT(a.board().front(), "1 assigned one [U7]");
}

TEST(Decide, ChangesNothingWhenOneOfSeveralTasksIsUnknown) {
  Channel a('a');
  a.type("add one");
  const auto result = a.type("done 1 9");
  EXPECT_FALSE(result.delta.has_value());
  EXPECT_THAT(result.reply, HasSubstr("There is no task #9"));
}

// What would be suggested for a task that there is fails for one that there is not.
TEST(Decide, ANumberAloneThatNoTaskHasIsSaidToBeNone) {
  Channel a('a');
  a.type("add one");
  for (const char* text : {"9", "9:"}) {
    const auto result = a.type(text);
    EXPECT_THAT(result.reply, HasSubstr("There is no task #9")) << text;
    EXPECT_THAT(result.reply, testing::Not(HasSubstr("9 !done"))) << text;
  }
  EXPECT_THAT(a.type("1").reply, HasSubstr("1 !done"));
}

TEST(Decide, WritesNothingWhereNothingChanges) {
  Channel a('a');
  a.type("add one <@U2>");
  a.type("done 1");
  for (const std::string text : {"done 1", "1 !done", "1: one", "1 <@U2>", "1 -<@U3>", "drop 1"}) {
    EXPECT_FALSE(a.type(text, "U1", 1'000'050).delta.has_value()) << text;
  }
  EXPECT_THAT(a.type("1 !done", "U1", 1'000'051).reply, HasSubstr("#1 is !done already."));
}

TEST(Decide, WritesNothingForWhatOnlyShowsOrAsks) {
  Channel a('a');
  a.type("add one");
  for (const std::string text :
       {"", "list all", "help", "lst", "12 hosts are down", "1 !rde", "undo", "add", "done"}) {
    const auto result = a.type(text);
    EXPECT_FALSE(result.delta.has_value()) << text;
    EXPECT_TRUE(result.entry.empty()) << text;
  }
}

TEST(Decide, MarksARequestAsHandledOnlyIfItChangedSomething) {
  Channel a('a');
  const Typed add{"add one"};
  a.type(add);
  EXPECT_TRUE(crdt::is_handled(a.document, request_of(add).id));
  const Typed list{"list"};
  a.type(list);
  EXPECT_FALSE(crdt::is_handled(a.document, request_of(list).id));
}

TEST(Decide, ForgetsHandledRequestsAfterAnHour) {
  Channel a('a');
  const Typed add{"add one"};
  a.type(add);
  a.type("1 !red", "U1", 1'000'000 + 3'500);
  EXPECT_TRUE(crdt::is_handled(a.document, request_of(add).id));
  a.type("1 !green", "U1", 1'000'000 + 3'700);
  EXPECT_FALSE(crdt::is_handled(a.document, request_of(add).id));
}

TEST(Decide, TellsTheAuthorWhenSomebodyElseChangedTheFieldAMomentAgo) {
  Channel a('a');
  a.type("add one");
  a.type("1 !done", "U2", 1'000'010);
  const auto result = a.type("1 !red", "U1", 1'000'018);
  EXPECT_THAT(result.reply, HasSubstr("#1: you set !red; <@U2> set !done 8 s before. Kept: !red."));
  EXPECT_THAT(a.board(), ElementsAre("1 red one []"));
}

TEST(Decide, SaysNothingAboutChangesOlderThanAMinuteOrOnesOwn) {
  Channel a('a');
  a.type("add one");
  a.type("1 !done", "U2", 1'000'010);
  EXPECT_THAT(a.type("1 !red", "U1", 1'000'071).reply, Not(HasSubstr(": you ")));
  EXPECT_THAT(a.type("1 !green", "U1", 1'000'072).reply, Not(HasSubstr(": you ")));
}

TEST(Decide, MergesChangesToDifferentFieldsSilently) {
  Channel a('a');
  a.type("add one");
  a.type("1 !done", "U2", 1'000'010);
  EXPECT_THAT(a.type("1: two", "U1", 1'000'011).reply, Not(HasSubstr(": you ")));
}

TEST(Decide, KeepsWhatWasAskedForLaterThanTheRequest) {
  Channel a('a');
  a.type("add one");
  a.type("1 !done", "U2", 1'000'030);
  const auto late = a.type("1 !red", "U1", 1'000'018);
  EXPECT_FALSE(late.delta.has_value());
  EXPECT_THAT(late.reply, HasSubstr("#1: you set !red; <@U2> set !done 12 s after. Kept: !done."));
}

TEST(Decide, TakesSeveralChangesWithinOneSecondInTheirOrder) {
  Channel a('a');
  a.type("add one");
  a.type("1 !red");
  a.type("1 !yellow");
  a.type("1 !green");
  EXPECT_THAT(a.board(), ElementsAre("1 green one []"));
}

TEST(Decide, IsNotLockedOutByARankFromTheFarFuture) {
  Channel a('a');
  a.type("add one");
  a.type("1 !red", "U2", 9'000'000'000);
  a.type("1 !green", "U1", 1'000'020);
  EXPECT_THAT(a.board(), ElementsAre("1 green one []"));
}

TEST(Decide, ShowsTasksThatShareANumberWithTheirLettersAndAsks) {
  Channel a('a');
  Channel b('b');
  a.type("add one");
  b.type("add two");
  sync(a, b);
  EXPECT_THAT(a.board(), ElementsAre("1a assigned one []", "1b assigned two []"));
  EXPECT_EQ(a.board(), b.board());
  const auto asked = a.type("done 1");
  EXPECT_FALSE(asked.delta.has_value());
  EXPECT_THAT(asked.reply, HasSubstr("2 tasks are numbered 1: 1a “one”, 1b “two”. Which one?"));
  a.type("done 1b");
  EXPECT_THAT(a.board(), ElementsAre("1a assigned one []", "1b done two []"));
}

// "7b" twice would leave both tasks out of everybody's reach.
TEST(Decide, TellsTasksOfPeersWithOneLetterApartByTheirIds) {
  Channel a('b', crdt::ReplicaId{1});
  Channel b('b', crdt::ReplicaId{2});
  a.type("add one");
  b.type("add two");
  sync(a, b);
  std::vector<std::string> labels;
  std::vector<std::string> texts;
  for (const Task& task : read_tasks(a.document).tasks) {
    labels.push_back(task.label());
    texts.emplace_back(task.text.value());
    EXPECT_EQ(labels.back(), "1b-" + std::string(task.id.substr(0, 4)));
  }
  ASSERT_EQ(labels.size(), 2U);
  const auto asked = a.type("done 1b");
  EXPECT_FALSE(asked.delta.has_value());
  EXPECT_THAT(asked.reply, HasSubstr("2 tasks are numbered 1b: " + labels[0] + " “"));
  EXPECT_THAT(asked.reply, HasSubstr(labels[1] + " !done"));
  EXPECT_TRUE(a.type(labels[1] + " !done").delta.has_value());
  EXPECT_TRUE(a.type("take " + labels[0]).delta.has_value());
  EXPECT_FALSE(a.type("1b-0123456789abcdef !red").delta.has_value());  // Nobody's: no guess.
  EXPECT_THAT(a.board(), ElementsAre(labels[0] + " assigned " + texts[0] + " [U1]",
                                     labels[1] + " done " + texts[1] + " []"));
}

TEST(Decide, ShowsTheLetterFromTheStartDuringASplit) {
  Channel a('a');
  a.split = true;
  const auto added = a.type("add one");
  EXPECT_THAT(added.reply, HasSubstr("Added *#1a*"));
  EXPECT_THAT(added.reply, HasSubstr("Some peers are out of reach"));
  EXPECT_THAT(a.board(), ElementsAre("1a assigned one []"));
  EXPECT_TRUE(a.type("done 1").delta.has_value());  // One task has it: no question.
}

TEST(Decide, ShowsBothValuesOfConcurrentWritersUntilSomebodySettlesThem) {
  Channel a('a');
  Channel b('b');
  a.type("add one");
  sync(a, b);
  a.type("1 !red", "U1", 1'000'010);
  b.type("1 !done", "U2", 1'000'012);
  sync(a, b);
  EXPECT_THAT(a.board(), ElementsAre("1 done one [] contested"));
  EXPECT_EQ(a.board(), b.board());
  EXPECT_THAT(b.type("").reply,
              HasSubstr("#1 has 2 values: !done by <@U2> (shown), !red by <@U1>."));
  const auto settled = b.type("1 !done", "U3", 1'000'100);
  EXPECT_TRUE(settled.delta.has_value());  // The shown value, written to settle it.
  a.pull(b);
  EXPECT_THAT(a.board(), ElementsAre("1 done one []"));
}

TEST(Decide, CountsEqualValuesOfConcurrentWritersAsOne) {
  Channel a('a');
  Channel b('b');
  a.type("add one");
  sync(a, b);
  a.type("1 !red", "U1", 1'000'010);
  b.type("1 !red", "U2", 1'000'012);
  sync(a, b);
  EXPECT_THAT(a.board(), ElementsAre("1 red one []"));
}

TEST(Decide, LetsAnyEditBeatWhatACreateWrote) {
  Channel a('a');
  Channel b('b');
  const Typed add{"add one !red", "U1", 2'000'000, "trigger"};
  a.type(add);
  a.type("1 !green", "U2", 1'999'000);  // Even one that Slack stamped earlier.
  b.type(add);                          // The retry, on a peer that saw nothing.
  sync(a, b);
  EXPECT_THAT(a.board(), ElementsAre("1 green one []"));
  EXPECT_EQ(a.board(), b.board());
}

TEST(Decide, AnswersToBothNumbersOfATaskThatTwoPeersNumbered) {
  Channel a('a');
  Channel b('b');
  const Typed add{"add one", "U1", 1'000'000, "trigger"};
  a.type(add);
  b.type("add other");
  b.type(add);  // Numbered 2 here, 1 there.
  sync(a, b);
  EXPECT_THAT(a.board(), ElementsAre("1a assigned one []", "1b assigned other []"));
  a.type("done 2");  // What people on b's side saw.
  EXPECT_THAT(a.board(), ElementsAre("1a done one []", "1b assigned other []"));
}

TEST(Decide, FindsMeByMentionAndByRawName) {
  Channel a('a');
  a.type("add one @name-of-U1");
  a.type("add two me");
  EXPECT_THAT(a.type("list mine").reply, HasSubstr("*2 tasks* of 2"));
  EXPECT_THAT(a.board(), ElementsAre("1 assigned one [U1]", "2 assigned two [U1]"));
  a.type("drop 1 2");
  EXPECT_THAT(a.board(), ElementsAre("1 assigned one []", "2 assigned two []"));
}

TEST(Decide, AsksWhoANameIsThatSlackMadeNoMentionOf) {
  Channel a('a');
  for (const std::string text : {"add one @nobdy", "disk full <@U2> @nobdy !red"}) {
    const auto result = a.type(text);
    EXPECT_THAT(result.reply, HasSubstr("I do not know who @nobdy is")) << text;
    EXPECT_FALSE(result.delta.has_value()) << text;
  }
  a.type("add one");
  for (const std::string text : {"1 @nobdy", "1 !red -@nobdy", "1: two @nobdy", "list @nobdy"}) {
    EXPECT_THAT(a.type(text).reply, HasSubstr("I do not know who @nobdy is")) << text;
  }
  EXPECT_THAT(a.board(), ElementsAre("1 assigned one []"));
}

TEST(Decide, TakesANameOffThatATaskHasSinceLong) {
  Channel a('a');
  a.type("add one");
  const std::string id(read_tasks(a.document).tasks.front().id);
  crdt::Edit edit(a.document, crdt::ReplicaId{99}, {{}, "U9"}, crdt::Rank{5});
  edit.write(who_path(id, "@bob"), std::string(kAssigned));
  ASSERT_EQ(a.document.apply(edit.finish()), crdt::Applied::kApplied);
  EXPECT_THAT(a.type("@bob").reply, HasSubstr("*1 task* of 1"));
  a.type("1 -@bob");
  EXPECT_THAT(a.board(), ElementsAre("1 assigned one []"));
}

TEST(Decide, ListsByScopeUserAndStatus) {
  Channel a('a');
  a.type("add one !red <@U2>");
  a.type("add two !red");
  a.type("add three <@U2>");
  a.type("done 3");
  const auto shows = [&](const std::string& text) { return a.type(text).reply; };
  EXPECT_THAT(shows(""),
              testing::AllOf(HasSubstr("one"), HasSubstr("two"), Not(HasSubstr("three"))));
  EXPECT_THAT(shows("list finished"),
              testing::AllOf(Not(HasSubstr("* one")), HasSubstr("* three")));
  EXPECT_THAT(shows("list !done"), HasSubstr("three"));
  EXPECT_THAT(shows("list <@U2>"), testing::AllOf(HasSubstr("one"), Not(HasSubstr("two"))));
  EXPECT_THAT(shows("list all <@U2>"), HasSubstr("*2 tasks* of 3"));
  EXPECT_THAT(shows("list mine"), HasSubstr("No task matches"));
}

TEST(Decide, RefusesATaskWhenTheNumbersAreUsedUp) {
  Channel a('a');
  crdt::Edit edit(a.document, crdt::ReplicaId{99}, {}, crdt::kLowestRank);
  edit.write(kNumberPath, std::to_string(kTaskNumberMax));
  ASSERT_EQ(a.document.apply(edit.finish()), crdt::Applied::kApplied);
  EXPECT_THAT(a.type("add one").reply, HasSubstr("no task numbers left"));
}

}  // namespace
}  // namespace slack::incident

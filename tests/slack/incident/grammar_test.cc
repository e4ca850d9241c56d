#include "slack/incident/grammar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace slack::incident {
namespace {

Command read(std::string_view text) { return parse(text, StatusSet::standard()); }

// The doubt that `text` raises; fails the test where it raises none.
Ask ask(std::string_view text) {
  const Command command = read(text);
  const Ask* found = std::get_if<Ask>(&command);
  EXPECT_NE(found, nullptr) << text << " was taken for " << verb_of(command);
  return found == nullptr ? Ask{} : *found;
}

using Names = std::vector<std::string>;

TEST(Grammar, ReadsNothingAsTheBoard) {
  EXPECT_EQ(read(""), Command(Board{}));
  EXPECT_EQ(read(" \t\n "), Command(Board{}));
}

TEST(Grammar, AddsWithAVerbAPlusOrBareText) {
  const Command expected = Add{"disk full on db-3", {}, std::nullopt};
  EXPECT_EQ(read("add disk full on db-3"), expected);
  EXPECT_EQ(read("ADD   disk full on db-3 "), expected);
  EXPECT_EQ(read("+ disk full on db-3"), expected);
  EXPECT_EQ(read("disk full on db-3"), expected);
}

TEST(Grammar, TakesUsersAndAStatusFromTheEnd) {
  EXPECT_EQ(read("add disk full <@U1|ann> <@W2> !red"),
            Command(Add{"disk full", {"U1", "W2"}, "red"}));
  EXPECT_EQ(read("add disk full !RED @ann, <!subteam^S1|@ops> me"),
            Command(Add{"disk full", {"@ann", "S1", "me"}, "red"}));
  EXPECT_EQ(read("add <@U1|ann> fixes <#C1|db>"), Command(Add{"@ann fixes #db", {}, std::nullopt}));
}

TEST(Grammar, KeepsWordsThatOnlyLookLikeMarks) {
  for (const std::string_view text : {"wow !", "wow !!", "a != b", "ping @here", "ping <!channel>",
                                      "restart :fire:", "mail ann@example.com", "wait !?"}) {
    const Command command = read(std::string("add ") + std::string(text));
    const Add* add = std::get_if<Add>(&command);
    ASSERT_NE(add, nullptr) << text;
    EXPECT_TRUE(add->users.empty() && !add->status) << text;
  }
}

TEST(Grammar, TakesQuotedWordsLiterally) {
  EXPECT_EQ(read("add \"an !unknown error\" @ann"),
            Command(Add{"\"an !unknown error\"", {"@ann"}, std::nullopt}));
  EXPECT_EQ(read("add “call @ann” !red"), Command(Add{"“call @ann”", {}, "red"}));
  EXPECT_EQ(read("\"done 3\""), Command(Add{"\"done 3\"", {}, std::nullopt}));
  EXPECT_EQ(read("add say \"a \"b\" c\" me"),
            Command(Add{"say \"a \"b\" c\"", {"me"}, std::nullopt}));
  EXPECT_EQ(read("add 5\" disk !red"), Command(Add{"5\" disk", {}, "red"}));
  EXPECT_EQ(read("add \"never closed !red"), Command(Add{"\"never closed", {}, "red"}));
}

TEST(Grammar, UpdatesATaskByItsNumber) {
  EXPECT_EQ(read("3 !done"), Command(Update{{3, 0}, std::nullopt, {}, {}, "done"}));
  EXPECT_EQ(read("#3 !d"), Command(Update{{3, 0}, std::nullopt, {}, {}, "done"}));
  EXPECT_EQ(read("7B @ann -@bob"), Command(Update{{7, 'b'}, std::nullopt, {"@ann"}, {"@bob"}, {}}));
  EXPECT_EQ(read("3 -<@U1|ann> -me"), Command(Update{{3, 0}, std::nullopt, {}, {"U1", "me"}, {}}));
}

TEST(Grammar, WritesANewTextBehindAColon) {
  const Command expected = Update{{3, 0}, "new text", {}, {}, {}};
  EXPECT_EQ(read("3: new text"), expected);
  EXPECT_EQ(read("3:new text"), expected);
  EXPECT_EQ(read("3 : new text"), expected);
  EXPECT_EQ(read("3 :new text"), expected);
  EXPECT_EQ(read("3 !red : new text -@bob @ann"),
            Command(Update{{3, 0}, "new text", {"@ann"}, {"@bob"}, "red"}));
}

TEST(Grammar, ListsByScopePersonAndStatus) {
  EXPECT_EQ(read("list"), Command(List{}));
  EXPECT_EQ(read("ls all"), Command(List{Scope::kAll, {}, {}}));
  EXPECT_EQ(read("list finished"), Command(List{Scope::kFinished, {}, {}}));
  EXPECT_EQ(read("List Mine !red !yel"), Command(List{Scope::kMine, {}, {"red", "yellow"}}));
  EXPECT_EQ(read("list <@U1|ann> me"), Command(List{Scope::kUnfinished, {"U1", "me"}, {}}));
}

TEST(Grammar, ListsWithoutAVerbWhereNothingElseCouldBeMeant) {
  EXPECT_EQ(read("all"), Command(List{Scope::kAll, {}, {}}));
  EXPECT_EQ(read("Finished"), Command(List{Scope::kFinished, {}, {}}));
  EXPECT_EQ(read("mine !red"), Command(List{Scope::kMine, {}, {"red"}}));
  EXPECT_EQ(read("<@U1|ann> !y"), Command(List{Scope::kUnfinished, {"U1"}, {"yellow"}}));
  EXPECT_EQ(read("me"), Command(List{Scope::kUnfinished, {"me"}, {}}));
  EXPECT_EQ(read("all hosts are down"), Command(Add{"all hosts are down", {}, {}}));
  EXPECT_EQ(read("finished too early <@U1>"), Command(Add{"finished too early", {"U1"}, {}}));
  EXPECT_EQ(ask("all done").suggestions, (Names{"list !done", "add all done"}));
  EXPECT_EQ(ask("mine all").suggestions.front(), "list all");
  EXPECT_EQ(ask("!rde").doubt, Doubt::kUnknownStatus);
  EXPECT_EQ(ask("-<@U1|ann>").suggestions, Names{"3 -@ann"});
}

TEST(Grammar, FinishesOneTaskOrSeveral) {
  EXPECT_EQ(read("done 3"), Command(Finish{FinishVerb::kDone, {{3, 0}}}));
  EXPECT_EQ(read("close #3 7a"), Command(Finish{FinishVerb::kDone, {{3, 0}, {7, 'a'}}}));
  EXPECT_EQ(read("take 3, 4,5 3"), Command(Finish{FinishVerb::kTake, {{3, 0}, {4, 0}, {5, 0}}}));
  EXPECT_EQ(read("drop 1"), Command(Finish{FinishVerb::kDrop, {{1, 0}}}));
  EXPECT_EQ(read("reopen 1"), Command(Finish{FinishVerb::kReopen, {{1, 0}}}));
  EXPECT_EQ(read("cancel 1"), Command(Finish{FinishVerb::kCancel, {{1, 0}}}));
}

TEST(Grammar, KnowsStatusesByUniquePrefixAndBothSpellings) {
  EXPECT_EQ(read("3 !C"), Command(Update{{3, 0}, std::nullopt, {}, {}, "canceled"}));
  EXPECT_EQ(read("3 !cancelled"), Command(Update{{3, 0}, std::nullopt, {}, {}, "canceled"}));
  EXPECT_EQ(read("3 !Yel,"), Command(Update{{3, 0}, std::nullopt, {}, {}, "yellow"}));
}

TEST(Grammar, AsksWhichStatusAnAmbiguousPrefixMeans) {
  auto set = StatusSet::make({{"open", "o", false, {}},
                              {"done", "d", true, {}},
                              {"doing", "g", false, {}},
                              {"canceled", "c", true, {}}});
  ASSERT_TRUE(set.has_value());
  const Command command = parse("3 !do", *set);
  ASSERT_TRUE(std::holds_alternative<Ask>(command));
  EXPECT_EQ(std::get<Ask>(command).doubt, Doubt::kAmbiguousStatus);
  EXPECT_EQ(parse("3 !done", *set), Command(Update{{3, 0}, std::nullopt, {}, {}, "done"}));
}

TEST(Grammar, AsksAboutAStatusThatNobodyKnows) {
  EXPECT_EQ(ask("3 !rde").doubt, Doubt::kUnknownStatus);
  EXPECT_EQ(ask("add disk full !rde").doubt, Doubt::kUnknownStatus);
  EXPECT_EQ(ask("list !rde").doubt, Doubt::kUnknownStatus);
  const Ask inside = ask("an !unknown error");
  EXPECT_EQ(inside.doubt, Doubt::kUnknownStatus);
  EXPECT_EQ(inside.suggestions, Names{"add \"an !unknown error\""});
  EXPECT_EQ(ask("add watch !red lights").doubt, Doubt::kMisplacedStatus);
  EXPECT_EQ(ask("3 !red !green").doubt, Doubt::kTwoStatuses);
}

TEST(Grammar, AsksWhetherANumberBeforeProseIsATask) {
  const Ask found = ask("12 hosts are down");
  EXPECT_EQ(found.doubt, Doubt::kNumberThenProse);
  EXPECT_EQ(found.suggestions, (Names{"add 12 hosts are down", "12: hosts are down"}));
  for (const std::string_view text : {"3 done", "3 !done now", "500s everywhere", "10:30 deploy",
                                      "3 \"!done\"", "3 :fire: alarm"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kNumberThenProse) << text;
  }
  EXPECT_EQ(read("add 12 hosts are down"), Command(Add{"12 hosts are down", {}, {}}));
}

TEST(Grammar, AsksAboutNumbersThatNoTaskCanHave) {
  for (const std::string_view text :
       {"-1 !done", "+1", "#0", "#0 !done", "0: new text", "0 hosts are up", "000 @ann",
        "1000000000 !done", "2147483648 !done", "4294967297 !done", "18446744073709551617 !red",
        "#99999999999", "99999999999a @ann", "3,4 !done", "#3,#4 !done", "1-3 me", "#-1: text",
        "1.5 hours left"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kNoTaskNumber) << text;
  }
  EXPECT_EQ(ask("-1 !done").suggestions, (Names{"list", "add -1 !done"}));
  for (const std::string_view text : {"done 0", "done -1", "take 2147483648"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kVerbThenProse) << text;
  }
  EXPECT_EQ(read("999999999 !done"), Command(Update{{999'999'999, 0}, {}, {}, {}, "done"}));
  EXPECT_EQ(read("10.0.0.3 is down"), Command(Add{"10.0.0.3 is down", {}, {}}));
  EXPECT_EQ(read("5% of hosts"), Command(Add{"5% of hosts", {}, {}}));
  EXPECT_EQ(read("-- is it over?"), Command(Add{"-- is it over?", {}, {}}));
}

TEST(Grammar, AsksWhetherMeIsAPersonOrThePartOfASentence) {
  const Ask found = ask("add call me !red");
  EXPECT_EQ(found.doubt, Doubt::kMeInProse);
  EXPECT_EQ(found.suggestions, (Names{"add call @me !red", "add \"call me\" !red"}));
  for (const std::string_view text : {"ask the DBA to call Me", "send it to me, @ann", "page me"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kMeInProse) << text;
  }
  EXPECT_EQ(ask("3: call me").suggestions, (Names{"3: call @me", "3: \"call me\""}));
  for (const std::string& suggestion : found.suggestions) {
    EXPECT_TRUE(std::holds_alternative<Add>(read(suggestion))) << suggestion;
  }
  EXPECT_EQ(read("add disk full me"), Command(Add{"disk full", {"me"}, {}}));
  EXPECT_EQ(read("add call @me"), Command(Add{"call", {"me"}, {}}));
  EXPECT_EQ(read("add call @ann me"), Command(Add{"call", {"@ann", "me"}, {}}));
}

TEST(Grammar, AsksAboutVerbsMistypedByOneLetter) {
  for (const std::string_view text : {"lst", "lsit", "lisst", "dne 3", "doen 3", "tkae 3", "hlep",
                                      "ad", "adde disk full", "cancle 3", "reopn 3", "clsoe 4"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kTypo) << text;
  }
  EXPECT_EQ(ask("lst mine").suggestions, (Names{"list mine", "add lst mine"}));
}

TEST(Grammar, AsksAboutLoneWordsThatReadAsCommands) {
  EXPECT_EQ(ask("tasks").suggestions, (Names{"list", "add tasks"}));
  EXPECT_EQ(ask("mnie").suggestions, (Names{"list mine", "add mnie"}));
  EXPECT_EQ(ask("finised <@U1|ann>").suggestions.front(), "list finished @ann");
  EXPECT_EQ(ask("red").suggestions, (Names{"list !red", "add red"}));
  EXPECT_EQ(ask("sl").suggestions.front(), "ls");
  EXPECT_EQ(ask("udno").doubt, Doubt::kUnknownVerb);
  EXPECT_EQ(ask("open 3").suggestions.front(), "reopen 3");
  for (const std::string_view text : {"tasks pile up", "red light in rack 3", "fall back to b",
                                      "load is high", "open port 22", "show errors in the ui"}) {
    EXPECT_EQ(read(text), Command(Add{std::string(text), {}, {}})) << text;
  }
}

TEST(Grammar, AddsOrdinaryWordsThatHappenToLookLikeTypos) {
  EXPECT_EQ(read("lost connection to db-3"), Command(Add{"lost connection to db-3", {}, {}}));
  EXPECT_EQ(read("make sure that backups run"), Command(Add{"make sure that backups run", {}, {}}));
  EXPECT_EQ(ask("lost").doubt, Doubt::kTypo);
}

TEST(Grammar, AsksWhenAVerbLacksWhatItNeeds) {
  EXPECT_EQ(ask("done").doubt, Doubt::kNoReference);
  EXPECT_EQ(ask("take").doubt, Doubt::kNoReference);
  EXPECT_EQ(ask("add").doubt, Doubt::kNoText);
  EXPECT_EQ(ask("add !red @ann").doubt, Doubt::kNoText);
  EXPECT_EQ(ask("3").doubt, Doubt::kNoChange);
  EXPECT_EQ(ask("3:").doubt, Doubt::kNoText);
}

TEST(Grammar, AsksWhenProseFollowsAVerb) {
  for (const std::string_view text :
       {"done with the migration", "close the firewall port", "list of hosts to patch",
        "help needed in eu", "take over 3", "done 3 and 4", "help me", "help nonsense"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kVerbThenProse) << text;
  }
}

TEST(Grammar, AsksAboutWordsOfTheFullGrammarInsteadOfAddingThem) {
  for (const std::string_view text : {"remove 3", "restore 3", "undo", "note 3 it rains", "top 3",
                                      "declare", "sev 1", "lead <@U1>", "status page is down"}) {
    const Ask found = ask(text);
    EXPECT_EQ(found.doubt, Doubt::kUnknownVerb) << text;
    EXPECT_EQ(found.suggestions.back(), "help");
  }
}

TEST(Grammar, AsksAboutAWordBeforeANumberInsteadOfAddingATask) {
  for (const std::string_view text :
       {"frobnicate 1", "Delete 2", "assign 1 @ann", "bump 1 2 !red", "finish #3", "reboot 7b"}) {
    EXPECT_EQ(ask(text).doubt, Doubt::kUnknownVerb) << text;
  }
  EXPECT_EQ(ask("frobnicate 1").suggestions, (Names{"add frobnicate 1", "help"}));
  EXPECT_EQ(ask("delete 2").suggestions.front(), "cancel 2");
  EXPECT_EQ(ask("assign 1 @ann").suggestions.front(), "1 @ann");
  EXPECT_EQ(read("reboot db-3"), Command(Add{"reboot db-3", {}, {}}));
  EXPECT_EQ(read("page 2 people"), Command(Add{"page 2 people", {}, {}}));
}

TEST(Grammar, ReadsTheLongLabelOfATask) {
  EXPECT_EQ(read("#7b-3F2A !done"),
            Command(Update{{7, 'b', "3f2a"}, std::nullopt, {}, {}, "done"}));
  EXPECT_EQ(read("7b-3f2a: new text"), Command(Update{{7, 'b', "3f2a"}, "new text", {}, {}, {}}));
  EXPECT_EQ(read("7b-3 !done"), Command(Update{{7, 'b', "3"}, std::nullopt, {}, {}, "done"}));
  EXPECT_EQ(ask("7-10 !done").doubt, Doubt::kNoTaskNumber);  // A range is no task's.
  EXPECT_EQ(read("3d-printer is on fire"), Command(Add{"3d-printer is on fire", {}, {}}));
}

TEST(Grammar, SuggestsWhatWasMostLikelyMeant) {
  EXPECT_EQ(ask("take 2 @bob").suggestions, (Names{"2 @bob", "add take 2 @bob"}));
  EXPECT_EQ(ask("done 2 and 3").suggestions.front(), "done 2");
  EXPECT_EQ(ask("list done").suggestions.front(), "list !done");
  EXPECT_EQ(ask("1 3 !done").suggestions,
            (Names{"done 1 3", "1 !done", "3 !done", "add 1 3 !done"}));
  EXPECT_EQ(ask("2:").suggestions, (Names{"2: new text"}));
  EXPECT_EQ(ask("2: !done").suggestions, (Names{"2: new text", "2 !done"}));
  EXPECT_EQ(ask("help nonsense").suggestions, (Names{"help"}));
  EXPECT_EQ(ask("help tkae").suggestions, (Names{"help take", "help"}));
  EXPECT_EQ(ask("help delete").suggestions, (Names{"help cancel", "help"}));
}

TEST(Grammar, AsksWhenOneUserIsBothGivenAndTaken) {
  EXPECT_EQ(ask("3 @ann -@ann").doubt, Doubt::kContradiction);
}

TEST(Grammar, RefusesTextsOverTheLimitAndTakesThoseAtIt) {
  std::string text;
  for (std::size_t i = 0; i < kTextCharsMax; ++i) text += "é";
  EXPECT_EQ(read("add " + text), Command(Add{text, {}, {}}));
  EXPECT_EQ(ask("add " + text + 'x').doubt, Doubt::kTooLong);
  EXPECT_EQ(ask("3: " + text + 'x').doubt, Doubt::kTooLong);
}

TEST(Grammar, RefusesMoreTasksOrPeopleThanItsBounds) {
  std::string refs = "done";
  for (std::size_t i = 1; i <= kRefsMax; ++i) refs += ' ' + std::to_string(i);
  EXPECT_TRUE(std::holds_alternative<Finish>(read(refs)));
  EXPECT_EQ(ask(refs + " 99").doubt, Doubt::kTooMany);
  std::string users = "add disk";
  for (std::size_t i = 1; i <= kUsersMax; ++i) users += " @u" + std::to_string(i);
  EXPECT_TRUE(std::holds_alternative<Add>(read(users)));
  EXPECT_EQ(ask(users + " @last").doubt, Doubt::kTooMany);
}

TEST(Grammar, StoresPlainTextWithoutControlCharacters) {
  EXPECT_EQ(read("add a &amp; b &lt;!channel&gt; <https://x.y|x.y>"),
            Command(Add{"a & b <!channel> https://x.y", {}, {}}));
  EXPECT_EQ(read(std::string_view("add a\0b\x01 c\xFF", 11)), Command(Add{"a b  c\uFFFD", {}, {}}));
}

TEST(Grammar, HelpsWithOneVerb) {
  EXPECT_EQ(read("help"), Command(Help{""}));
  EXPECT_EQ(read("help Add"), Command(Help{"add"}));
  for (const std::string_view text : {"?", "-h", "--help", "—help"}) {
    EXPECT_EQ(read(text), Command(Help{""})) << text;
  }
  EXPECT_EQ(read("--help take"), Command(Help{"take"}));
  EXPECT_EQ(read("help ?"), Command(Help{"help"}));
  EXPECT_EQ(ask("? is it over").doubt, Doubt::kVerbThenProse);
  EXPECT_EQ(ask("help mine").suggestions.front(), "help list");
}

// --- laws ---

rc::Gen<std::string> text_gen() {
  return rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<Names>(rc::gen::element<std::string>(
          "disk", "full", "on", "db-3", "12", "&", "<b>", "done", "list", "é🔥", "!", "a:b",
          "3:", "\"!x @y\"", "“!red”", "ann@x.y", "`code`", "*bold*", "#7"))),
      [](const Names& words) {
        std::string text;
        for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
        return text;
      });
}

rc::Gen<Names> users_gen() {
  return rc::gen::map(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6)),
                      [](const std::vector<int>& picks) {
                        const Names all{"U1", "W2", "S3", "@ann", "me", "@é.b-c_d"};
                        Names users;
                        for (const int pick : picks) {
                          const std::string& user = all[static_cast<std::size_t>(pick)];
                          if (std::find(users.begin(), users.end(), user) == users.end()) {
                            users.push_back(user);
                          }
                        }
                        return users;
                      });
}

rc::Gen<std::optional<std::string>> status_gen() {
  return rc::gen::element<std::optional<std::string>>(std::nullopt, "red", "done", "canceled",
                                                      "assigned");
}

rc::Gen<TaskRef> ref_gen() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange(1, 1'000'000'000), rc::gen::element('\0', 'a', 'z')),
      [](const std::pair<int, char>& pick) {
        const bool named = pick.second == 'z';
        return TaskRef{static_cast<std::uint32_t>(pick.first), pick.second, named ? "3f2a" : ""};
      });
}

RC_GTEST_PROP(GrammarLaws, ReadsBackEveryAdd, ()) {
  const Command command = Add{*text_gen(), *users_gen(), *status_gen()};
  RC_LOG() << to_text(command);
  RC_ASSERT(read(to_text(command)) == command);
}

RC_GTEST_PROP(GrammarLaws, ReadsBackEveryUpdate, ()) {
  Update update{*ref_gen(), std::nullopt, *users_gen(), {}, *status_gen()};
  if (*rc::gen::arbitrary<bool>()) std::swap(update.assign, update.unassign);
  if (*rc::gen::arbitrary<bool>()) update.text = *text_gen();
  RC_PRE(update.text || update.status || !update.assign.empty() || !update.unassign.empty());
  RC_LOG() << to_text(Command(update));
  RC_ASSERT(read(to_text(Command(update))) == Command(update));
}

RC_GTEST_PROP(GrammarLaws, ReadsBackEveryListAndFinish, ()) {
  const auto scope =
      *rc::gen::element(Scope::kUnfinished, Scope::kAll, Scope::kFinished, Scope::kMine);
  List list{scope, *users_gen(), {}};
  if (const auto status = *status_gen()) list.statuses.push_back(*status);
  RC_ASSERT(read(to_text(Command(list))) == Command(list));
  const auto verb = *rc::gen::element(FinishVerb::kDone, FinishVerb::kReopen, FinishVerb::kCancel,
                                      FinishVerb::kTake, FinishVerb::kDrop);
  const Command finish = Finish{verb, {*ref_gen()}};
  RC_ASSERT(read(to_text(finish)) == finish);
}

RC_GTEST_PROP(GrammarLaws, GivesACommandForAnyBytes, (std::string text)) {
  RC_ASSERT(!verb_of(read(text)).empty());
}

RC_GTEST_PROP(GrammarLaws, GivesACommandForAnyMixOfItsOwnPieces, ()) {
  const auto pieces = *rc::gen::container<Names>(rc::gen::element<std::string>(
      "add", "+", "3", "#7a", ":", "!red", "!", "@ann", "-@ann", "<@U1|a b>", "<", ">", "\"", "”",
      "list", "done", "me", ",", "3,4", " ", "\n", "&lt;", "\xFF", "undo", "lst", "!x", "-",
      "<@>"));
  std::string text;
  for (const std::string& piece : pieces) text += piece + (*rc::gen::arbitrary<bool>() ? " " : "");
  const Command command = read(text);
  if (const Add* add = std::get_if<Add>(&command)) RC_ASSERT(!add->text.empty());
}

}  // namespace
}  // namespace slack::incident

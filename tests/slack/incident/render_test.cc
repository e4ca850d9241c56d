// Rendered answers: against goldens (MUSTER_REWRITE=1 writes them anew), and against Slack's
// limits.
#include "slack/incident/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "slack/block_limits.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"
#include "tests/slack/incident/channel.h"

namespace slack::incident {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::Channel;
using tests::sync;

std::string golden_path(const std::string& name) {
  return std::string(MUSTER_SOURCE_DIR) + "/tests/slack/goldens/" + name + ".json";
}

// Compares a reply, made readable, with what is stored under `name`.
void expect_golden(const std::string& name, const std::string& reply) {
  const auto checked = check_message(reply);
  EXPECT_TRUE(checked.has_value()) << name << ": " << checked.error().message;
  const std::string text = nlohmann::ordered_json::parse(reply).dump(2) + '\n';
  if (std::getenv("MUSTER_REWRITE") != nullptr) {
    std::ofstream(golden_path(name)) << text;
    return;
  }
  std::ifstream in(golden_path(name));
  std::stringstream stored;
  stored << in.rdbuf();
  EXPECT_EQ(stored.str(), text) << name
                                << ": if the new answer is right, run with MUSTER_REWRITE=1";
}

TEST(RenderGolden, AnEmptyChannelInvitesToAddATask) {
  Channel a('a');
  expect_golden("board_empty", a.type("").reply);
  expect_golden("list_empty", a.type("list mine").reply);
}

TEST(RenderGolden, AddingShowsTheTaskAndTheWayBack) {
  Channel a('a');
  expect_golden("added",
                a.type("disk full on db-3 <@U2|ann> <@U3|bob> <!subteam^S1|@ops> !red").reply);
  const tests::Typed again{"add one", "U1", 1'000'000, "t"};
  a.type(again);
  expect_golden("added_retried", a.type(again).reply);
}

TEST(RenderGolden, TheBoardShowsUnfinishedTasksAndConflicts) {
  Channel a('a');
  Channel b('b');
  a.type("add disk full on db-3 & db-4 <@U2> !red");
  a.type("add cert <expired> <@U3|bob>");
  a.type("add done already");
  a.type("done 3");
  sync(a, b);
  a.type("1 !yellow -<@U2>", "U1", 1'000'010);
  b.type("1 !done", "U3", 1'000'012);
  a.type("2: cert of api expired", "U1", 1'000'013);
  b.type("2: cert of www expired", "U3", 1'000'014);
  sync(a, b);
  a.split = true;
  expect_golden("board", a.type("").reply);
  expect_golden("list_all", a.type("list all").reply);
  a.type("done 1 2", "U1", 1'000'200);
  expect_golden("board_all_done", a.type("").reply);
}

TEST(RenderGolden, ACollisionIsToldInHumanTime) {
  Channel a('a');
  a.type("add disk full");
  a.type("1 !done me", "U2", 1'000'010);
  expect_golden("collision_replaced", a.type("1 !red -<@U2>", "U1", 1'000'018).reply);
  expect_golden("collision_kept_newer", a.type("1 !green", "U3", 1'000'017).reply);
  expect_golden("already", a.type("1 !red -<@U2> : disk full", "U1", 1'000'019).reply);
}

TEST(RenderGolden, QuestionsShowWhatToTypeInstead) {
  Channel a('a');
  Channel b('b');
  expect_golden("ask_who", a.type("disk full @nobdy !red").reply);
  expect_golden("ask_number", a.type("12 hosts are down").reply);
  expect_golden("ask_status", a.type("3 !rde").reply);
  expect_golden("ask_typo", a.type("lst mine").reply);
  expect_golden("ask_unknown_verb", a.type("remove 3").reply);
  a.type("add one");
  b.type("add two");
  sync(a, b);
  expect_golden("ask_which_task", a.type("1 !done").reply);
}

TEST(RenderGolden, HelpTeaches) {
  Channel a('a');
  for (const std::string topic : {"", "add", "update", "list", "done", "reopen", "cancel", "take",
                                  "drop", "users", "status", "help"}) {
    expect_golden("help" + (topic.empty() ? "" : '_' + topic), a.type("help " + topic).reply);
  }
}

// --- words ---

TEST(Render, CountsOneAsOne) {
  Channel a('a');
  a.type("add one");
  EXPECT_THAT(a.type("list !red").reply, HasSubstr("There is 1 task in this channel"));
  EXPECT_THAT(a.type("").reply, HasSubstr("*1 unfinished task* of 1"));
  EXPECT_THAT(a.type("list").reply, HasSubstr("*1 task* of 1"));
  a.type("add two");
  EXPECT_THAT(a.type("list !red").reply, HasSubstr("There are 2 tasks in this channel"));
}

TEST(Render, ShowsPeopleAndChannelsByMentionEvenWhereSlackSentBareIds) {
  Channel a('a');
  const std::string added = a.type("ask <@U012AB3CD> and <#C012AB3CD|>, not #C1").reply;
  EXPECT_THAT(added, HasSubstr("ask <@U012AB3CD> and <#C012AB3CD>, not #C1"));
  EXPECT_THAT(a.type("1 <@U012AB3CD> -<@U012AB3CD>").reply,
              HasSubstr("That both assigns and takes off <@U012AB3CD>. Which one?"));
  // What a question shows in code can be typed as it stands there.
  const std::string asked = a.type("take 1 <@U012AB3CD>").reply;
  EXPECT_THAT(asked, HasSubstr("`/ir 1 @U012AB3CD`"));
  a.type("1 @U012AB3CD");
  EXPECT_THAT(a.board(), testing::ElementsAre("1 assigned ask @U012AB3CD and #C012AB3CD, not #C1 "
                                              "[U012AB3CD]"));
}

TEST(Render, SaysYouToWhomeverItConcerns) {
  Channel a('a');
  a.type("add one");
  a.type("take 1");
  EXPECT_THAT(a.type("take 1", "U1", 1'000'001).reply, HasSubstr("You have #1 already."));
  a.type("drop 1");
  EXPECT_THAT(a.type("drop 1", "U1", 1'000'001).reply, HasSubstr("You do not have #1."));
}

// --- limits ---

// Every text of a reply's blocks, joined.
std::string block_texts(const std::string& reply) {
  std::string texts;
  const auto json = nlohmann::json::parse(reply);
  for (const auto& block : json.at("blocks")) {
    if (block.contains("text")) texts += block.at("text").at("text").get<std::string>() + '\n';
  }
  return texts;
}

void expect_within_limits(const std::string& reply) {
  const auto checked = check_message(reply);
  EXPECT_TRUE(checked.has_value()) << checked.error().message;
}

TEST(RenderLimits, CutsLongListsAndSaysHowManyAreLeft) {
  Channel a('a');
  for (int i = 1; i <= 120; ++i) a.type("add " + std::string(250, 'x') + ' ' + std::to_string(i));
  const std::string reply = a.type("").reply;
  expect_within_limits(reply);
  EXPECT_THAT(reply, HasSubstr("… and "));
  EXPECT_THAT(reply, HasSubstr("*120 unfinished tasks* of 120"));
}

TEST(RenderLimits, HoldsAgainstTheLongestTextsNamesAndConflicts) {
  Channel a('a');
  Channel b('b');
  std::string people;
  for (int i = 10; i < 30; ++i) people += " <@" + std::string(30, 'U') + std::to_string(i) + '>';
  std::string text;  // Of ids, which grow when they are shown, and of entities.
  for (int i = 0; i < 100; ++i) text += "@U012AB3CD ";
  text += std::string(1890, '&');
  for (int i = 0; i < 30; ++i) a.type("add " + text + std::to_string(i) + people);
  sync(a, b);
  for (int i = 1; i <= 30; ++i) {
    const std::string number = std::to_string(i);
    a.type(number + " !red: " + std::string(2990, '<'), "U1", 1'000'010);
    b.type(number + " !done: " + std::string(2990, '>'), "U2", 1'000'011);
  }
  sync(a, b);
  for (const std::string typed :
       {"", "list all", "1 !green", "2: short", "take 1 2 3 4 5 6 7 8 9 10",
        "done 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"}) {
    expect_within_limits(a.type(typed, "U3", 1'000'012).reply);
  }
}

TEST(RenderLimits, HoldsForQuestionsAboutHugeInput) {
  Channel a('a');
  for (const std::string& typed :
       {"12 " + std::string(9000, 'x'), '!' + std::string(9000, 'a'),
        "undo " + std::string(9000, '`'), "add " + std::string(9000, '<'),
        "lst " + std::string(290, '&')}) {
    expect_within_limits(a.type(typed).reply);
  }
}

TEST(RenderLimits, ShowsWhatAHostilePeerWroteWithoutBreaking) {
  Channel a('a');
  a.type("add one");
  const std::string id(read_tasks(a.document).tasks.front().id);
  crdt::Edit edit(a.document, crdt::ReplicaId{99}, {{}, "<!channel>"}, crdt::Rank{5});
  edit.write(text_path(id), std::string("\xFF<!channel>\n") + std::string(9000, '\x01'));
  edit.write(status_path(id), std::string(9000, '>'));
  edit.write(who_path(id, "<!here>"), "1");
  edit.write(core_path("zz"), "7B 12");
  edit.write(core_path("zy"), "99999999999b 12");
  ASSERT_EQ(a.document.apply(edit.finish()), crdt::Applied::kApplied);
  const std::string reply = a.type("").reply;
  expect_within_limits(reply);
  EXPECT_THAT(block_texts(reply), Not(HasSubstr("<!")));
}

RC_GTEST_PROP(RenderLaws, AnyTextIsShownEscapedOnceAndWithinLimits, (std::string raw)) {
  Channel a('a');
  const std::string typed = "add x " + escape(raw) + " y";
  const auto result = a.type(typed);
  const auto checked = check_message(result.reply);
  RC_ASSERT(checked.has_value());
  RC_PRE(result.delta.has_value());
  const std::string stored(read_tasks(a.document).tasks.front().text.value());
  const std::string texts = block_texts(result.reply);
  RC_ASSERT(unescape(texts).find(stored) != std::string::npos);
  RC_ASSERT(texts.find("<!") == std::string::npos);
}

RC_GTEST_PROP(RenderLaws, NoMixOfReferencesCallsAnybody, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "<!channel>", "<!here|here>", "<!everyone>", "<https://evil|good>", "&lt;!channel&gt;", "<",
      ">", "<@U1|x>", "<!subteam^S1|@g>", "|", "!channel", "\"", "&amp;lt;", "*"));
  std::string text = "add x ";
  for (const std::string& piece : pieces) text += piece;
  Channel a('a');
  const auto result = a.type(text + " y");
  const std::string texts = block_texts(result.reply);
  for (const std::string call : {"<!", "<http", "<@", "<#"}) {
    RC_ASSERT(texts.find(call) == std::string::npos);
  }
}

TEST(BlockLimits, FindsEachLimitThatIsBroken) {
  const auto section = [](std::size_t chars) {
    return R"({"blocks":[{"type":"section","text":{"type":"mrkdwn","text":")" +
           std::string(chars, 'x') + R"("}}]})";
  };
  const auto repeated = [](std::size_t count, const std::string& block) {
    std::string blocks;
    for (std::size_t i = 0; i < count; ++i) blocks += (i == 0 ? "" : ",") + block;
    return "{\"blocks\":[" + blocks + "]}";
  };
  const std::string divider = R"({"type":"divider"})";
  const std::string long_text =
      R"({"type":"section","text":{"type":"mrkdwn","text":")" + std::string(2401, 'x') + R"("}})";
  EXPECT_TRUE(check_message(section(kSectionCharsMax)).has_value());
  EXPECT_FALSE(check_message(section(kSectionCharsMax + 1)).has_value());
  EXPECT_FALSE(check_message(section(0)).has_value());
  EXPECT_TRUE(check_message(repeated(kBlocksMax, divider)).has_value());
  EXPECT_FALSE(check_message(repeated(kBlocksMax + 1, divider)).has_value());
  EXPECT_FALSE(check_message(repeated(5, long_text)).has_value());
  EXPECT_FALSE(check_message(R"({"blocks":[{"type":"nonsense"}]})").has_value());
  EXPECT_FALSE(check_message("nonsense").has_value());
  EXPECT_FALSE(
      check_message(
          R"({"blocks":[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]})")
          .has_value());
}

}  // namespace
}  // namespace slack::incident

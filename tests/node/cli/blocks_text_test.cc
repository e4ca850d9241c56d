#include "node/cli/blocks_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

using node::cli::draw_body;
using node::cli::mrkdwn_to_text;
using node::cli::TextStyle;

const TextStyle kPlain{false, {{"U0ANN", "ann"}}};
const TextStyle kColours{true, {{"U0ANN", "ann"}}};

TEST(MrkdwnText, NamesThePeopleItKnows) {
  EXPECT_EQ(mrkdwn_to_text("<@U0ANN> and <@U9|zoe> and <@U8>", kPlain), "@ann and @zoe and @U8");
}

TEST(MrkdwnText, UnescapesOnlyOnce) {
  EXPECT_EQ(mrkdwn_to_text("a &lt;b&gt; &amp;lt; &amp;amp;", kPlain), "a <b> &lt; &amp;");
}

TEST(MrkdwnText, WhatAPersonTypedNeverBecomesMarkup) {
  EXPECT_EQ(mrkdwn_to_text("&lt;@U0ANN&gt; &lt;!channel&gt;", kPlain), "<@U0ANN> <!channel>");
}

TEST(MrkdwnText, ShowsChannelsGroupsDatesAndLinksByTheirLabel) {
  EXPECT_EQ(mrkdwn_to_text("<#C1|ops> <!subteam^S1|@dba> <!here> <https://x.io|the log> "
                           "<!date^1392734382^{time}|14:39>",
                           kPlain),
            "#ops @dba @here the log 14:39");
}

TEST(MrkdwnText, EmojiBecomeGlyphsAndUnknownOnesStay) {
  EXPECT_EQ(mrkdwn_to_text(":red_circle: :no_such_thing: 10:30:15", kPlain),
            "🔴 :no_such_thing: 10:30:15");
}

TEST(MrkdwnText, MarkersWorkAtWordEdgesOnly) {
  EXPECT_EQ(mrkdwn_to_text("*bold* a*b*c 2 * 3 * 4 snake_case_name", kPlain),
            "bold a*b*c 2 * 3 * 4 snake_case_name");
}

TEST(MrkdwnText, KeepsStrikesVisibleWithoutColours) {
  EXPECT_EQ(mrkdwn_to_text("~done~", kPlain), "~done~");
  EXPECT_EQ(mrkdwn_to_text("~done~", kColours), "\x1b[9mdone\x1b[0m");
}

TEST(BlocksText, DrawsEveryKindOfBlockThatAnswersUse) {
  EXPECT_EQ(draw_body(R"({"response_type":"ephemeral","text":"fallback","blocks":[
    {"type":"header","text":{"type":"plain_text","text":"2 tasks &amp; more"}},
    {"type":"section","text":{"type":"mrkdwn","text":"*1* disk full"},
     "accessory":{"type":"button","text":{"type":"plain_text","text":"Take"},"action_id":"t"}},
    {"type":"context","elements":[{"type":"mrkdwn","text":"by <@U0ANN>"},
                                  {"type":"plain_text","text":"now"}]},
    {"type":"actions","elements":[
      {"type":"button","text":{"type":"plain_text","text":"Done"},"action_id":"d"},
      {"type":"button","text":{"type":"plain_text","text":"Edit"},"action_id":"e"}]}]})",
                      kPlain),
            "2 tasks & more\n1 disk full  [Take]\nby @ann  now\n[Done] [Edit]");
}

TEST(BlocksText, FieldsStandInTwoColumnsWhateverTheirScript) {
  const std::string drawn = draw_body(R"({"blocks":[{"type":"section","fields":[
    {"type":"mrkdwn","text":"ä"},{"type":"mrkdwn","text":"b"},{"type":"mrkdwn","text":"c"}]}]})",
                                      kPlain);
  EXPECT_EQ(drawn, "ä" + std::string(33, ' ') + "b\nc");
}

TEST(BlocksText, FallsBackToTheTextAndNamesWhatItCannotDraw) {
  EXPECT_EQ(draw_body(R"({"text":"just &lt;this&gt;"})", kPlain), "just <this>");
  EXPECT_EQ(draw_body(R"({"blocks":[{"type":"video"}]})", kPlain), "[video]");
  EXPECT_EQ(draw_body("503 busy", kPlain), "503 busy");
}

TEST(BlocksText, TakesAnyJsonWithoutComplaint) {
  for (const char* body :
       {"null", "[]", "3", R"({"blocks":3})", R"({"blocks":[3,null,{"type":5}]})",
        R"({"blocks":[{"type":"section","text":7,"fields":"x","accessory":null}]})",
        R"({"blocks":[{"type":"actions","elements":{"a":1}},{"type":"context","elements":[4]}]})",
        R"({"attachments":[null,{"text":"x"}]})", "\"\xff\""}) {
    (void)draw_body(body, kColours);
  }
}

TEST(BlocksText, EscapeSequencesOnlyWhereAPersonWatches) {
  const char* body = R"({"blocks":[{"type":"divider"},{"type":"header","text":"x"},
    {"type":"section","text":{"type":"mrkdwn","text":"*b* _i_ `c` <@U0ANN>"}}]})";
  EXPECT_EQ(draw_body(body, kPlain).find('\x1b'), std::string::npos);
  EXPECT_NE(draw_body(body, kColours).find('\x1b'), std::string::npos);
}

}  // namespace

#include "node/cli/demo_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/demo_people.h"

namespace {

using namespace node::cli;
using testing::HasSubstr;

template <class Line>
Line parsed(std::string_view text) {
  const auto line = parse_demo_line(text, 3);
  EXPECT_TRUE(line) << text << ": " << line.error().message;
  EXPECT_TRUE(std::holds_alternative<Line>(*line)) << text;
  return std::get<Line>(*line);
}

std::string refusal(std::string_view text) {
  const auto line = parse_demo_line(text, 3);
  return line ? "accepted" : line.error().message;
}

TEST(DemoLine, ACommandGoesToThePeerBeforeTheArrow) {
  const auto line = parsed<SlackLine>("1> /ir add disk full on db-3 @ann !red");
  EXPECT_EQ(line.peer, 1);
  EXPECT_EQ(line.command, "/ir");
  EXPECT_EQ(line.text, "add disk full on db-3 @ann !red");
  EXPECT_FALSE(line.user);
}

TEST(DemoLine, SomebodyElseMayTypeIt) {
  const auto line = parsed<SlackLine>("  @bob 2 >/ir take 1 ");
  EXPECT_EQ(line.user, "bob");
  EXPECT_EQ(line.peer, 2);
  EXPECT_EQ(line.text, "take 1");
}

TEST(DemoLine, ACommandMayBeAllThereIs) { EXPECT_EQ(parsed<SlackLine>("3> /ir").text, ""); }

TEST(DemoLine, LaterArrowsBelongToTheText) {
  EXPECT_EQ(parsed<SlackLine>("3> /ir add load > 5").text, "add load > 5");
  EXPECT_EQ(parsed<ExpectLine>("expect load > 5").text, "load > 5");
}

TEST(DemoLine, LinksAndPeers) {
  EXPECT_EQ(parsed<CutLine>("cut 1 2").pair, std::pair(1, 2));
  EXPECT_EQ(parsed<HealLine>("heal 3 1").pair, std::pair(3, 1));
  EXPECT_FALSE(parsed<HealLine>("heal").pair);
  EXPECT_EQ(parsed<PeerLine>("kill 2").action, PeerAction::kKill);
  EXPECT_EQ(parsed<PeerLine>("stop 2").action, PeerAction::kStop);
  EXPECT_EQ(parsed<PeerLine>("start 2").action, PeerAction::kStart);
  EXPECT_EQ(parsed<AgainLine>("again 3").peer, 3);
}

TEST(DemoLine, SettingsAndChecks) {
  EXPECT_EQ(parsed<AsLine>("as @dana").user, "dana");
  EXPECT_EQ(parsed<ChannelLine>("channel #db").name, "db");
  EXPECT_EQ(parsed<SleepLine>("sleep 0.25").time, std::chrono::milliseconds(250));
  EXPECT_TRUE(parsed<ExpectLine>("expect disk  full").wanted);
  EXPECT_FALSE(parsed<ExpectLine>("expect-not x").wanted);
  parsed<NothingLine>("   ");
  parsed<NothingLine>("# 1> /ir list");
  parsed<StatusLine>("status");
  parsed<WaitLine>("wait");
  parsed<HelpLine>("help");
  parsed<QuitLine>("quit");
}

TEST(DemoLine, WhatItDoesNotTakeTeachesTheRightForm) {
  EXPECT_THAT(refusal("/ir list"), HasSubstr("1> /ir list"));
  EXPECT_THAT(refusal("list"), HasSubstr("help"));
  EXPECT_THAT(refusal("1> list"), HasSubstr("1> /ir list"));
  EXPECT_THAT(refusal("4> /ir list"), HasSubstr("they are 1 to 3"));
  EXPECT_THAT(refusal("@eve 1> /ir list"), HasSubstr("ann, bob, dana, lee"));
  EXPECT_THAT(refusal("> /ir list"), HasSubstr("before the >"));
  EXPECT_THAT(refusal("cut 1"), HasSubstr("cut 1 2"));
  EXPECT_THAT(refusal("cut 2 2"), HasSubstr("itself"));
  EXPECT_THAT(refusal("kill"), HasSubstr("kill 2"));
  EXPECT_THAT(refusal("kill 0"), HasSubstr("1 to 3"));
  EXPECT_THAT(refusal("sleep long"), HasSubstr("sleep 2"));
  EXPECT_THAT(refusal("sleep -1"), HasSubstr("sleep 2"));
  EXPECT_THAT(refusal("sleep nan"), HasSubstr("sleep 2"));
  EXPECT_THAT(refusal("expect"), HasSubstr("expect disk full"));
  EXPECT_THAT(refusal("channel"), HasSubstr("#"));
  EXPECT_THAT(refusal("status 1"), HasSubstr("help"));
}

TEST(DemoPeople, TypedNamesBecomeMentionsAsSlackEscapesThem) {
  EXPECT_EQ(escape_typed("@ann -@bob @eve a@ann.org @annabel"),
            "<@U0ANN|ann> -<@U0BOB|bob> @eve a@ann.org @annabel");
  EXPECT_EQ(escape_typed("a < b & c > d <@U0ANN>"), "a &lt; b &amp; c &gt; d &lt;@U0ANN&gt;");
}

TEST(DemoPeople, AChannelKeepsItsIdAndSharesItWithNone) {
  EXPECT_EQ(channel_id_of("incident"), channel_id_of("incident"));
  EXPECT_NE(channel_id_of("a-b"), channel_id_of("ab"));
  EXPECT_EQ(channel_id_of("incident").size(), 11u);
}

}  // namespace

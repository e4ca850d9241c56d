#include "simulation/slack_workspace.h"

#include <gtest/gtest.h>

#include "slack/request.h"

namespace {

using simulation::Answer;
using simulation::SlackWorkspace;

const crdt::WallTime kNow{std::chrono::seconds(1'790'000'000)};

TEST(SlackWorkspace, SignsWhatMusterTakesForASlashCommand) {
  const auto made = SlackWorkspace("secret").sign({"U1", "C1", "add disk full & more", 7}, kNow);
  slack::Verifier verifier("secret");
  const slack::HttpRequest http{"POST",
                                slack::kCommandsPath,
                                "application/x-www-form-urlencoded",
                                {made.timestamp, 1},
                                {made.signature, 1},
                                made.body};
  const auto parsed = slack::parse_request(http, verifier, kNow);
  const auto* command = std::get_if<slack::SlashCommand>(&parsed);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->text, "add disk full & more");
  EXPECT_EQ(command->id, SlackWorkspace::request_id(7));
}

TEST(SlackWorkspace, TellsChangesFromAnswersFromRefusals) {
  EXPECT_EQ(SlackWorkspace::judge(200, R"({"text":"Added *#7b*"})"), Answer::kChanged);
  EXPECT_EQ(SlackWorkspace::judge(200, R"({"text":"Changed #7"})"), Answer::kChanged);
  EXPECT_EQ(SlackWorkspace::judge(200, R"({"text":"Nothing changed #7"})"), Answer::kUnchanged);
  EXPECT_EQ(SlackWorkspace::judge(401, "Refused"), Answer::kRefused);
  EXPECT_EQ(SlackWorkspace::judge(
                200, "This peer cannot store changes, so nothing was changed. Please try again"),
            Answer::kRefused);
  EXPECT_EQ(SlackWorkspace::added_label(R"({"text":"Added *#7b*"})"), "7b");
}

}  // namespace

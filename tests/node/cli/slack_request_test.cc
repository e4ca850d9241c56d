#include "node/cli/slack_request.h"

#include <gtest/gtest.h>

#include <string>

#include "slack/form.h"
#include "slack/signature.h"

namespace {

using node::cli::SlashCommand;

constexpr std::chrono::seconds kWhen{1'531'420'618};

std::string header(const node::HttpCall& call, std::string_view name) {
  for (const auto& [key, value] : call.headers) {
    if (key == name) return value;
  }
  return {};
}

SlashCommand sample() {
  SlashCommand command;
  command.text = "add a+b = 100% & <@U0ANN|ann>\n\xF0\x9F\x94\xA5";
  command.trigger_id = "1.2.3";
  return command;
}

TEST(SlackRequest, IsGenuineToTheVerifierOfPeers) {
  const node::HttpCall call = node::cli::signed_call(sample(), "secret", kWhen);
  const std::string stamp = header(call, "X-Slack-Request-Timestamp");
  const std::string signature = header(call, "X-Slack-Signature");
  slack::Verifier verifier("secret");
  EXPECT_EQ(verifier.check({stamp, 1}, {signature, 1}, call.body, crdt::WallTime(kWhen)),
            slack::Verdict::kGenuine);
  slack::Verifier other("another");
  EXPECT_EQ(other.check({stamp, 1}, {signature, 1}, call.body, crdt::WallTime(kWhen)),
            slack::Verdict::kForged);
}

TEST(SlackRequest, CarriesEveryFieldSlackSends) {
  const std::string body = node::cli::form_of(sample());
  const auto form = slack::Form::parse(body);
  ASSERT_TRUE(form);
  EXPECT_EQ(form->at("text"), sample().text);
  EXPECT_EQ(form->at("trigger_id"), "1.2.3");
  for (const char* name :
       {"token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name",
        "command", "api_app_id", "is_enterprise_install", "response_url"}) {
    EXPECT_FALSE(form->at(name).empty()) << name;
  }
}

TEST(SlackRequest, ATriggerIdNeverComesTwice) {
  const std::string one = node::cli::fresh_trigger_id();
  EXPECT_NE(one, node::cli::fresh_trigger_id());
  EXPECT_EQ(std::count(one.begin(), one.end(), '.'), 2);
}

}  // namespace

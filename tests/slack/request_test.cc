#include "slack/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "slack/form.h"
#include "slack/handler.h"

namespace slack {
namespace {

constexpr std::string_view kSecret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr std::int64_t kAt = 1531420618;
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kJson = "application/json";

// A request as Slack would send it, and what may be wrong with it.
struct Sent {
  std::string body;
  std::string_view content_type = kForm;
  std::string target = "/slack/commands";
  std::string method = "POST";
  std::int64_t stamp = kAt;
  std::size_t signatures = 1;
  bool forged = false;
};

Request receive(const Sent& sent, std::int64_t now = kAt) {
  Verifier verifier(kSecret);
  const std::string stamp = std::to_string(sent.stamp);
  const std::string signature =
      sign(sent.forged ? "another secret" : kSecret, std::chrono::seconds(sent.stamp), sent.body);
  return parse_request({sent.method,
                        sent.target,
                        sent.content_type,
                        {stamp, 1},
                        {signature, sent.signatures},
                        sent.body},
                       verifier, crdt::WallTime(std::chrono::seconds(now)));
}

int status_of(const Request& request) {
  const Rejection* rejection = std::get_if<Rejection>(&request);
  return rejection == nullptr ? 200 : rejection->status;
}

std::string command_body(const std::string& more = "", const std::string& trigger = "13.37.ab") {
  return "api_app_id=A1&team_id=T1&channel_id=C1&channel_name=db&user_id=U1&user_name=ann&command=%"
         "2Fir&"
         "text=add+disk+full&response_url=https%3A%2F%2Fx&is_enterprise_install=false&trigger_id=" +
         trigger + more;
}

TEST(Request, ReadsASlashCommand) {
  const Request request = receive({command_body()});
  const SlashCommand* command = std::get_if<SlashCommand>(&request);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->text, "add disk full");
  EXPECT_EQ(command->user_name, "ann");
  EXPECT_EQ(command->signed_at, crdt::WallTime(std::chrono::seconds(kAt)));
  EXPECT_EQ(command->id, crdt::request_id_of({"A1", "T1", "13.37.ab"}));
  EXPECT_EQ(document_key(*command), "channel/T1/C1");
}

TEST(Request, BelongsToTheEnterpriseWhereTheWholeOfItInstalledTheApp) {
  const Request request =
      receive({"api_app_id=A1&team_id=T1&enterprise_id=E1&is_enterprise_install=true&channel_id=C1&"
               "user_id=W1&"
               "command=%2Fir&trigger_id=1"});
  const SlashCommand* command = std::get_if<SlashCommand>(&request);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->installation(), "E1");
  EXPECT_EQ(document_key(*command), "channel/E1/C1");
  EXPECT_EQ(command->id, crdt::request_id_of({"A1", "E1", "1"}));
}

TEST(Request, NamesACommandWithoutTriggerByItsSignature) {
  const Request first = receive({command_body("", "")});
  const Request same = receive({command_body("", "")});
  const Request later = receive({.body = command_body("", ""), .stamp = kAt + 1});
  EXPECT_EQ(std::get<SlashCommand>(first).id, std::get<SlashCommand>(same).id);
  EXPECT_NE(std::get<SlashCommand>(first).id, std::get<SlashCommand>(later).id);
}

TEST(Request, Answers401ToEveryKindOfBadSignature) {
  EXPECT_EQ(status_of(receive({.body = command_body(), .forged = true})), 401);
  EXPECT_EQ(status_of(receive({.body = command_body(), .signatures = 0})), 401);
  EXPECT_EQ(status_of(receive({.body = command_body(), .signatures = 2})), 401);
  EXPECT_EQ(status_of(receive({.body = command_body()}, kAt + 301)), 401);
  EXPECT_EQ(status_of(receive({.body = command_body()}, kAt - 301)), 401);
  EXPECT_EQ(status_of(receive({.body = command_body()}, kAt + 300)), 200);
  EXPECT_EQ(status_of(receive({.body = "%%%", .forged = true})), 401);
}

TEST(Request, Answers400ToWhatIsSignedAndMalformed) {
  for (const std::string& body :
       {std::string(), std::string("text=%zz"), command_body("&text=twice"), std::string("a=b"),
        command_body("&enterprise_id=E1").replace(0, 13, "api_app_id=A2"),
        std::string("command=%2Fir&team_id=T%2F1&channel_id=C1&user_id=U1"),
        std::string("command=%2Fir&team_id=T1&channel_id=C1&user_id="),
        std::string("command=ir&team_id=T1&channel_id=C1&user_id=U1")}) {
    const int status = status_of(receive({body}));
    EXPECT_EQ(status, body.starts_with("api_app_id=A2") ? 200 : 400) << body;
  }
  for (const std::string body :
       {"", "{", "[]", "\"x\"", "{\"type\":\"\xFF\"}", "{} {}", R"({"type":"url_verification"})",
        R"({"type":"event_callback"})", R"({"type":"event_callback","event":[],"event_id":"E"})"}) {
    EXPECT_EQ(status_of(receive({body, kJson, "/slack/events"})), 400) << body;
  }
  EXPECT_EQ(status_of(receive({command_body(), "text/plain"})), 400);
}

TEST(Request, Answers404And405ForOtherPathsAndMethods) {
  EXPECT_EQ(status_of(receive({.body = command_body(), .target = "/slack"})), 404);
  EXPECT_EQ(status_of(receive({.body = command_body(), .method = "GET"})), 405);
  EXPECT_EQ(status_of(receive({.body = command_body(), .target = "/slack/commands?x=1"})), 200);
}

TEST(Request, TakesContentTypesInAnyCaseWithParameters) {
  EXPECT_EQ(
      status_of(receive({command_body(), "Application/X-WWW-Form-Urlencoded; charset=utf-8"})),
      200);
}

TEST(Request, AnswersAnUnsignedSslCheckAndDiscardsWhatElseItSays) {
  const Request request = receive({.body = command_body("&ssl_check=1"), .signatures = 0});
  EXPECT_TRUE(std::holds_alternative<SslCheck>(request));
  EXPECT_TRUE(std::holds_alternative<SslCheck>(receive({command_body("&ssl_check=1")})));
  EXPECT_EQ(status_of(receive({.body = command_body("&ssl_check=0"), .signatures = 0})), 401);
  EXPECT_EQ(
      status_of(receive({.body = R"({"ssl_check":"1"})", .content_type = kJson, .signatures = 0})),
      401);
}

TEST(Request, RepeatsTheChallengeOfASignedUrlVerification) {
  const std::string body = R"({"type":"url_verification","challenge":"3eZ\"b","token":"x"})";
  const Request request = receive({body, kJson, "/slack/events"});
  const UrlVerification* verification = std::get_if<UrlVerification>(&request);
  ASSERT_NE(verification, nullptr);
  EXPECT_EQ(challenge_reply(*verification), R"({"challenge":"3eZ\"b"})");
  EXPECT_EQ(status_of(receive({.body = body, .content_type = kJson, .signatures = 0})), 401);
}

TEST(Request, ReadsEventsWithOptionalMembersAbsentOrNull) {
  const std::string body =
      R"({"type":"event_callback","api_app_id":"A1","team_id":"T1","enterprise_id":null,)"
      R"("event_id":"Ev1",)"
      R"("event_time":1531420000,"event":{"type":"user_change","user":{}},"new_member":[1]})";
  const Request request = receive({body, kJson, "/slack/events"});
  const EventCallback* event = std::get_if<EventCallback>(&request);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->event_type, "user_change");
  EXPECT_EQ(event->event_time, crdt::WallTime(std::chrono::seconds(1531420000)));
  EXPECT_EQ(event->id, crdt::request_id_of({"A1", "T1", "Ev1"}));
}

TEST(Request, AcceptsRateLimitsAndUnknownKinds) {
  const Request limited = receive(
      {R"({"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820})", kJson});
  ASSERT_TRUE(std::holds_alternative<AppRateLimited>(limited));
  EXPECT_EQ(std::get<AppRateLimited>(limited).minute, 1518467820);
  EXPECT_TRUE(std::holds_alternative<UnknownEvent>(receive({R"({"type":"brand_new"})", kJson})));
  EXPECT_TRUE(std::holds_alternative<UnknownEvent>(receive({R"({"type":7})", kJson})));
}

TEST(Request, SurvivesDeeplyNestedJson) {
  EXPECT_EQ(status_of(receive({std::string(1'000'000, '['), kJson})), 400);
  std::string nested = R"({"type":"event_callback","event_id":"E","event":{"type":"x","deep":)";
  nested += std::string(10'000, '[') + std::string(10'000, ']') + "}}";
  EXPECT_EQ(status_of(receive({nested, kJson})), 400);
}

RC_GTEST_PROP(RequestLaws, AnySignedBodyGetsAnAnswer, (std::string body, bool form)) {
  const int status = status_of(receive({body, form ? kForm : kJson}));
  RC_ASSERT(status == 200 || status == 400);
}

RC_GTEST_PROP(RequestLaws, TextsSurviveTheForm, (std::string text)) {
  const std::string body =
      "team_id=T1&channel_id=C1&user_id=U1&command=%2Fir&" + form_encode("text", text);
  const Request request = receive({body});
  RC_ASSERT(std::get<SlashCommand>(request).text == text);
}

// --- Slack's own payload samples ---

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(SlackSamples, EveryEventIsAccepted) {
  const char* folder = std::getenv("MUSTER_SLACK_SAMPLES");
  if (folder == nullptr) GTEST_SKIP() << "MUSTER_SLACK_SAMPLES does not name a folder of samples";
  int seen = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(folder) / "events")) {
    const std::string body = contents(entry.path());
    EXPECT_EQ(status_of(receive({body, kJson, "/slack/events"})), 200) << entry.path();
    auto filled = nlohmann::json::parse(body);  // The samples have empty strings for their values.
    filled["type"] = "event_callback";
    filled["event_id"] = "Ev1";
    const Request request = receive({filled.dump(), kJson, "/slack/events"});
    const EventCallback* event = std::get_if<EventCallback>(&request);
    ASSERT_NE(event, nullptr) << entry.path();
    EXPECT_EQ(event->event_type, filled["event"]["type"].get<std::string>()) << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 90);
}

TEST(SlackSamples, TheSlashCommandHasTheFieldsThatAreRead) {
  const char* folder = std::getenv("MUSTER_SLACK_SAMPLES");
  if (folder == nullptr) GTEST_SKIP() << "MUSTER_SLACK_SAMPLES does not name a folder of samples";
  const auto sample = nlohmann::json::parse(contents(
      std::filesystem::path(folder) / "app-backend/slash-commands/SlashCommandPayload.json"));
  std::string body;
  for (const auto& [name, value] : sample.items()) {
    const std::string text = value.is_boolean() ? "false" : name == "command" ? "/ir" : "X-" + name;
    body += form_encode(name, text) + '&';
  }
  const Request request = receive({body});
  const SlashCommand* command = std::get_if<SlashCommand>(&request);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->id, crdt::request_id_of({"X-api_app_id", "X-team_id", "X-trigger_id"}));
  EXPECT_EQ(command->team_id, "X-team_id");
  EXPECT_EQ(command->enterprise_id, "X-enterprise_id");
  EXPECT_EQ(command->channel_id, "X-channel_id");
  EXPECT_EQ(command->user_id, "X-user_id");
  EXPECT_EQ(command->user_name, "X-user_name");
  EXPECT_EQ(command->text, "X-text");
}

}  // namespace
}  // namespace slack

#include "node/cli/slack_request.h"

#include <initializer_list>
#include <random>
#include <utility>

#include "crdt/bytes.h"
#include "node/clock.h"
#include "slack/form.h"
#include "slack/request.h"
#include "slack/signature.h"

namespace node::cli {
namespace {

std::chrono::milliseconds unix_now() {
  return std::chrono::floor<std::chrono::milliseconds>(read_clock().wall.time_since_epoch());
}

}  // namespace

std::string fresh_trigger_id() {
  static thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  constexpr std::uint64_t kTeamDigits = 1'000'000'000'000;  // Twelve digits, as Slack's have.
  return std::to_string(unix_now().count()) + "." + std::to_string(random() % kTeamDigits) + "." +
         crdt::to_hex(crdt::big_endian(random()) + crdt::big_endian(random()));
}

std::string form_of(const SlashCommand& command) {
  const std::string response_url =
      "https://hooks.slack.com/commands/" + command.team_id + "/" + command.trigger_id;
  const std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {
      {"token", command.token},
      {"team_id", command.team_id},
      {"team_domain", command.team_domain},
      {"channel_id", command.channel_id},
      {"channel_name", command.channel_name},
      {"user_id", command.user_id},
      {"user_name", command.user_name},
      {"command", command.command},
      {"text", command.text},
      {"api_app_id", command.api_app_id},
      {"is_enterprise_install", "false"},
      {"response_url", response_url},
      {"trigger_id", command.trigger_id},
  };
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += slack::form_encode(name, value);
  }
  return body;
}

HttpCall signed_call(const SlashCommand& command, std::string_view signing_secret,
                     std::chrono::seconds when) {
  HttpCall call;
  call.method = "POST";
  call.target = slack::kCommandsPath;
  call.body = form_of(command);
  call.headers = {{"User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)"},
                  {"Content-Type", "application/x-www-form-urlencoded"},
                  {"Accept", "application/json,*/*"},
                  {"X-Slack-Request-Timestamp", std::to_string(when.count())},
                  {"X-Slack-Signature", slack::sign(signing_secret, when, call.body)}};
  return call;
}

HttpCall signed_call(const SlashCommand& command, std::string_view signing_secret) {
  return signed_call(command, signing_secret, std::chrono::floor<std::chrono::seconds>(unix_now()));
}

}  // namespace node::cli

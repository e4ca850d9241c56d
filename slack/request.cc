#include "slack/request.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"
#include "slack/ascii.h"
#include "slack/events.h"
#include "slack/form.h"
#include "slack/media_type.h"

namespace slack {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kJsonType = "application/json";

bool is_slack_id(std::string_view id) {
  return !id.empty() && id.size() <= kSlackIdCharsMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_ssl_check(const HttpRequest& http) {
  if (!is_media_type(http.content_type, kFormType)) return false;
  const auto form = Form::parse(http.body);
  return form && form->at("ssl_check") == "1";
}

Rejection malformed(std::string reason) { return Rejection{400, std::move(reason)}; }

Request parse_command(const HttpRequest& http, crdt::WallTime signed_at) {
  const auto form = Form::parse(http.body);
  if (!form) return malformed(form.error().message);
  if (form->at("ssl_check") == "1") return SslCheck{};
  const auto text = [&](std::string_view name) { return std::string(form->at(name)); };
  SlashCommand command{
      text("team_id"),    text("enterprise_id"), form->at("is_enterprise_install") == "true",
      text("channel_id"), text("user_id"),       text("user_name"),
      text("command"),    text("text"),          signed_at,
      crdt::RequestId{}};
  if (!command.command.starts_with('/')) return malformed("the form names no command");
  if (!is_slack_id(command.installation())) return malformed("the form names no team");
  if (!is_slack_id(command.channel_id)) return malformed("the form names no channel");
  if (!is_slack_id(command.user_id)) return malformed("the form names no user");
  // Without a trigger the signature is the best name: a replay of the same bytes has the same one.
  const bool unnamed = crdt::planted(crdt::Bug::kNamedBySignature);
  const std::string_view trigger = unnamed ? std::string_view() : form->at("trigger_id");
  command.id = crdt::request_id_of({form->at("api_app_id"), command.installation(),
                                    trigger.empty() ? http.signature.value : trigger});
  return command;
}

}  // namespace

bool is_slack_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path == kCommandsPath || path == kEventsPath;
}

Request parse_request(const HttpRequest& http, Verifier& verifier, crdt::WallTime now) {
  if (!is_slack_path(http.target)) return Rejection{404, "no such path"};
  if (http.method != "POST") return Rejection{405, "Slack's paths take POST only"};
  const Verdict verdict = verifier.check(http.timestamp, http.signature, http.body, now);
  if (verdict != Verdict::kGenuine) {
    if (is_ssl_check(http)) return SslCheck{};
    return Rejection{401, std::string(describe(verdict)), verdict};
  }
  const auto stamp = parse_timestamp(http.timestamp.value);
  CHECK(stamp.has_value());  // The verifier read it.
  const crdt::WallTime signed_at(*stamp);
  if (is_media_type(http.content_type, kFormType)) return parse_command(http, signed_at);
  if (is_media_type(http.content_type, kJsonType)) return parse_event(http.body, signed_at);
  return malformed("the body is neither a form nor JSON");
}

}  // namespace slack

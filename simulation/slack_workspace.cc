#include "simulation/slack_workspace.h"

#include <array>
#include <utility>

#include "slack/form.h"
#include "slack/signature.h"

namespace simulation {
namespace {

constexpr std::string_view kApp = "A1";
constexpr std::string_view kTeam = "T1";
constexpr std::string_view kAdded = "\"text\":\"Added *#";
constexpr std::string_view kChanged = "\"text\":\"Changed #";
constexpr std::string_view kTryAgain = "so nothing was changed. Please t";

}  // namespace

std::chrono::seconds pause_before(std::size_t attempt) {
  static constexpr std::array<std::chrono::seconds, kAttemptsMax> kPauses{
      std::chrono::seconds(0), std::chrono::seconds(0), std::chrono::minutes(1),
      std::chrono::minutes(5)};
  return kPauses.at(attempt);
}

SignedRequest SlackWorkspace::sign(const Typed& typed, crdt::WallTime now) const {
  using Field = std::pair<std::string_view, std::string>;
  std::string body;
  for (const auto& [name, value] : {Field{"api_app_id", std::string(kApp)},
                                    {"team_id", std::string(kTeam)},
                                    {"channel_id", typed.channel},
                                    {"user_id", typed.user},
                                    {"user_name", "name-of-" + typed.user},
                                    {"command", "/ir"},
                                    {"text", typed.text},
                                    {"trigger_id", std::to_string(typed.trigger)}}) {
    body += (body.empty() ? "" : "&") + slack::form_encode(name, value);
  }
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  return {body, std::to_string(second.count()), slack::sign(secret_, second, body)};
}

crdt::RequestId SlackWorkspace::request_id(std::uint64_t trigger) {
  return crdt::request_id_of({kApp, kTeam, std::to_string(trigger)});
}

std::string SlackWorkspace::document_key(std::string_view channel) {
  return "channel/" + std::string(kTeam) + "/" + std::string(channel);
}

Answer SlackWorkspace::judge(int status, std::string_view body) {
  if (status != 200 || body.find(kTryAgain) != std::string_view::npos) return Answer::kRefused;
  const bool changed =
      body.find(kAdded) != std::string_view::npos || body.find(kChanged) != std::string_view::npos;
  return changed ? Answer::kChanged : Answer::kUnchanged;
}

std::optional<std::string> SlackWorkspace::added_label(std::string_view body) {
  const std::size_t at = body.find(kAdded);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = body.substr(at + kAdded.size());
  return std::string(rest.substr(0, rest.find('*')));
}

}  // namespace simulation

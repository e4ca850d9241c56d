// Request: from the bytes of one HTTP request to what Slack meant by it, or to the status that
// refuses.
//
// Shape    form bodies are slash commands, JSON bodies are events; both paths take both, because an
//          operator may give Slack one URL for everything.
// Laws     nothing is believed before its signature is verified over the raw bytes. The one
//          exception is Slack's `ssl_check=1`, which may come unsigned: it is answered, and all
//          else that its body says is discarded.
// Errors   Rejection with 401 (signature), 400 (malformed), 404 (path), 405 (method). An unknown
//          kind of event is no error: Slack adds new ones.
// Source   docs.slack.dev: verifying requests, slash commands, the Events API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crdt/instant.h"
#include "crdt/request_id.h"
#include "slack/signature.h"

namespace slack {

inline constexpr std::string_view kCommandsPath = "/slack/commands";
inline constexpr std::string_view kEventsPath = "/slack/events";

// Slack's ids have 9 to 11 characters; they become parts of keys and paths.
inline constexpr std::size_t kSlackIdCharsMax = 32;

// Views into the exchange: valid while it is.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  // A query is ignored.
  std::string_view content_type;
  Header timestamp;
  Header signature;
  std::string_view body;
};

// What of a slash command is used.
struct SlashCommand {
  std::string team_id;
  std::string enterprise_id;  // Empty outside Enterprise Grid.
  bool is_enterprise_install = false;
  std::string channel_id;
  std::string user_id;
  std::string user_name;
  std::string command;  // "/ir"
  std::string text;     // On the wire: mentions and entities as Slack wrote them.
  crdt::WallTime signed_at;
  crdt::RequestId id;

  // Whose channel this is: the enterprise's where the whole of it installed the app, else the
  // team's.
  [[nodiscard]] const std::string& installation() const {
    return is_enterprise_install ? enterprise_id : team_id;
  }
};

// Slack asks whether this URL is ours; the answer repeats the challenge.
struct UrlVerification {
  std::string challenge;
};

// Slack asks whether our certificate is good.
struct SslCheck {};

struct EventCallback {
  std::string api_app_id;
  std::string team_id;
  std::string enterprise_id;
  bool is_enterprise_install = false;
  std::string event_id;
  crdt::WallTime event_time;
  std::string event_type;  // Of the inner event, such as "user_change".
  std::string event_json;  // The inner event.
  crdt::WallTime signed_at;
  crdt::RequestId id;
};

// More than 30,000 events an hour: Slack holds events of this team back.
struct AppRateLimited {
  std::string team_id;
  std::int64_t minute = 0;  // Since the Unix epoch.
};

struct UnknownEvent {
  std::string type;
};

struct Rejection {
  int status = 400;
  std::string reason;                   // For the log.
  std::optional<Verdict> verdict = {};  // Of the signature, where that is why.
};

using Request = std::variant<SlashCommand, UrlVerification, SslCheck, EventCallback, AppRateLimited,
                             UnknownEvent, Rejection>;

// Whether `target` is one of Slack's paths; others belong to other handlers.
[[nodiscard]] bool is_slack_path(std::string_view target);

// `now` is this peer's wall clock, which judges the age of the signature and nothing else.
[[nodiscard]] Request parse_request(const HttpRequest& http, Verifier& verifier,
                                    crdt::WallTime now);

}  // namespace slack

// SlashCommand: a slash command as Slack would send it, signature included.
//
// Shape    the form fields of Slack's own payload, in its order. Sending the same signed request
//          again, to any peer, is a retry; a new trigger id is a new command.
// Source   docs.slack.dev/interactivity/implementing-slash-commands
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "node/http_client.h"

namespace node::cli {

struct SlashCommand {
  std::string token = "deprecated";  // Slack still sends it and tells apps to ignore it.
  std::string team_id = "T0MUSTER";
  std::string team_domain = "muster";
  std::string channel_id = "C0INCIDENT";
  std::string channel_name = "incident";
  std::string user_id = "U0ANN";
  std::string user_name = "ann";
  std::string command = "/ir";
  std::string text;
  std::string api_app_id = "A0MUSTER";
  std::string trigger_id;
};

// Never the same twice, in the shape of Slack's.
[[nodiscard]] std::string fresh_trigger_id();

// The form body.
[[nodiscard]] std::string form_of(const SlashCommand& command);

// The whole request, signed as of `when` (Unix time).
[[nodiscard]] HttpCall signed_call(const SlashCommand& command, std::string_view signing_secret,
                                   std::chrono::seconds when);

// The same, signed now.
[[nodiscard]] HttpCall signed_call(const SlashCommand& command, std::string_view signing_secret);

}  // namespace node::cli

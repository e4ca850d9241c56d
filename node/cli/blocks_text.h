// Block Kit, drawn for a terminal: what a person would see in Slack.
//
// Shape    lines without a trailing newline. A block kind it does not know becomes its fallback
//          text in brackets, so that nothing an answer says is silently dropped.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "node/cli/mrkdwn_text.h"

namespace node::cli {

// A whole answer: its blocks, or its text where it has none.
[[nodiscard]] std::string draw_message(const nlohmann::json& message, const TextStyle& style);

// A response body as it came. What is not JSON is shown as it is.
[[nodiscard]] std::string draw_body(std::string_view body, const TextStyle& style);

}  // namespace node::cli

// The people and channels of the demo's pretend Slack.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

namespace node::cli {

inline constexpr std::array<std::string_view, 4> kDemoUsers = {"ann", "bob", "dana", "lee"};

[[nodiscard]] bool is_demo_user(std::string_view name);

// "ann" to "U0ANN".
[[nodiscard]] std::string user_id_of(std::string_view name);

// The reverse of all of them, for drawing.
[[nodiscard]] std::map<std::string, std::string, std::less<>> demo_names();

// The same id for the same name, for ever.
[[nodiscard]] std::string channel_id_of(std::string_view name);

// What Slack makes of typed text where a command has should_escape: & < > become entities and the
// @name of somebody it knows becomes <@U0ANN|ann>.
[[nodiscard]] std::string escape_typed(std::string_view text);

}  // namespace node::cli

// DemoLine: what one line typed at the demo's prompt, or one line of a script, asks for.
//
// Shape    a plain value. Peers count from 1.
// Errors   a line that means nothing is an Error that teaches the right form.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "crdt/result.h"

namespace node::cli {

struct NothingLine {};  // Empty, or a comment.

// "1> /ir add x", "@bob 2> /ir list": a slash command sent to one peer.
struct SlackLine {
  std::optional<std::string> user;
  int peer = 0;
  std::string command;  // "/ir"
  std::string text;
};

// "again 2": the last request once more, byte for byte, as a retry.
struct AgainLine {
  int peer = 0;
};

struct CutLine {
  std::pair<int, int> pair;
};

struct HealLine {
  std::optional<std::pair<int, int>> pair;  // None: every cut.
};

enum class PeerAction { kKill, kStart, kStop };

struct PeerLine {
  PeerAction action = PeerAction::kStart;
  int peer = 0;
};

struct StatusLine {};
struct WaitLine {};
struct HelpLine {};
struct QuitLine {};

struct SleepLine {
  std::chrono::milliseconds time{0};
};

struct AsLine {
  std::string user;
};

struct ChannelLine {
  std::string name;  // Without the '#'.
};

// Whether the last answer holds this text.
struct ExpectLine {
  std::string text;
  bool wanted = true;
};

using DemoLine =
    std::variant<NothingLine, SlackLine, AgainLine, CutLine, HealLine, PeerLine, StatusLine,
                 WaitLine, HelpLine, QuitLine, SleepLine, AsLine, ChannelLine, ExpectLine>;

// `peers` is how many there are.
[[nodiscard]] crdt::Result<DemoLine> parse_demo_line(std::string_view line, int peers);

// The words of the prompt, for `help`.
[[nodiscard]] std::string_view demo_help();

}  // namespace node::cli

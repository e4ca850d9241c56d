// Plan: everything that is done to a run's cluster, drawn beforehand: what people type, and what
// breaks.
//
// Shape    one line each, in the order of time, behind the line of options. A plan can be printed,
//          stored, edited by hand, replayed, and thinned: taking a line out leaves the others as
//          they are, and nothing else decides what a run does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"
#include "simulation/options.h"
#include "simulation/virtual_time.h"

namespace simulation {

using NodeIndex = std::size_t;

[[nodiscard]] inline char letter_of(NodeIndex node) { return static_cast<char>('a' + node); }

// One try at delivering a command.
struct Delivery {
  Duration after{};  // Of the first attempt and of doubles: since the command was typed.
  NodeIndex node = 0;
  bool resigned = false;  // With a signature of its own moment, not with the first one's.

  bool operator==(const Delivery&) const = default;
};

struct Command {
  Time at{};
  std::uint64_t trigger = 0;  // Slack's name for it; unique in the plan.
  std::string user;
  std::string channel;
  std::string text;                // Behind "/ir".
  std::vector<Delivery> attempts;  // One after the other, while there is no answer.
  std::vector<Delivery> doubles;   // Whatever is answered.

  bool operator==(const Command&) const = default;
};

struct Fault {
  FaultKind kind = FaultKind::kCrash;
  Time at{};
  Duration lasts{};
  std::vector<NodeIndex> nodes;
  std::uint64_t amount = 0;  // What the kind makes of it (simulation/nemesis.cc).
  std::uint64_t salt = 0;    // Draws of its own.

  bool operator==(const Fault&) const = default;
};

// How kBroken breaks: its amount says which (simulation/nemesis.cc).
inline constexpr std::uint64_t kBrokenModes = 5;

struct Plan {
  Options options;
  std::vector<Command> commands;
  std::vector<Fault> faults;

  bool operator==(const Plan&) const = default;
};

[[nodiscard]] Plan draw_plan(const Options& options);

// "a, c"
[[nodiscard]] std::string names_of(const std::vector<NodeIndex>& nodes);

// What happens, in words, without the time.
[[nodiscard]] std::string words_of(const Fault& fault);
[[nodiscard]] std::string words_of(const Command& command);

[[nodiscard]] std::string to_text(const Plan& plan);
[[nodiscard]] crdt::Result<Plan> parse_plan(std::string_view text);

}  // namespace simulation

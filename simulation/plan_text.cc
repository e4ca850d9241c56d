// The written form of a Plan, one line for each thing:
//
//   options seed=7 nodes=5 ...
//   0:12.345000 command trigger=12 user=U3 channel=C2 to=a,b*,c doubles=b@0:01.000000* text=3 !done
//   0:20.000000 fault partition for=0:20.000000 nodes=a,c amount=0 salt=77
//
// '*' marks a delivery with a signature of its own. Lines that begin with '#' are remarks.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "simulation/plan.h"

namespace simulation {
namespace {

constexpr std::string_view kOptions = "options ";
constexpr std::string_view kText = "text=";

std::string word_of(const Delivery& delivery, bool timed) {
  std::string text(1, letter_of(delivery.node));
  if (timed) text += '@' + to_text(delivery.after);
  return text + (delivery.resigned ? "*" : "");
}

std::string list_of(const std::vector<Delivery>& deliveries, bool timed) {
  std::string text;
  for (const Delivery& delivery : deliveries) {
    text.append(text.empty() ? "" : ",").append(word_of(delivery, timed));
  }
  return text;
}

std::string line_of(const Command& command) {
  return to_text(command.at) + " command trigger=" + std::to_string(command.trigger) +
         " user=" + command.user + " channel=" + command.channel +
         " to=" + list_of(command.attempts, false) + " doubles=" + list_of(command.doubles, true) +
         " text=" + command.text;
}

std::string line_of(const Fault& fault) {
  std::string nodes = names_of(fault.nodes);
  std::erase(nodes, ' ');
  return to_text(fault.at) + " fault " + std::string(info_of(fault.kind).name) +
         " for=" + to_text(fault.lasts) + " nodes=" + nodes +
         " amount=" + std::to_string(fault.amount) + " salt=" + std::to_string(fault.salt);
}

std::string_view take(std::string_view& text, char until) {
  const std::size_t end = std::min(text.find(until), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<NodeIndex> parse_node(std::string_view text, std::uint64_t nodes) {
  if (text.size() != 1 || text.front() < 'a') return std::nullopt;
  const auto node = static_cast<NodeIndex>(text.front() - 'a');
  return node < nodes ? std::optional(node) : std::nullopt;
}

std::optional<std::vector<Delivery>> parse_deliveries(std::string_view text, std::uint64_t nodes) {
  std::vector<Delivery> deliveries;
  while (!text.empty()) {
    std::string_view one = take(text, ',');
    Delivery delivery;
    delivery.resigned = one.ends_with('*');
    if (delivery.resigned) one.remove_suffix(1);
    const auto node = parse_node(take(one, '@'), nodes);
    const auto after = one.empty() ? Time{} : parse_time(one);
    if (!node || !after) return std::nullopt;
    delivery.node = *node;
    delivery.after = *after;
    deliveries.push_back(delivery);
  }
  return deliveries;
}

using Fields = std::map<std::string_view, std::string_view>;

Fields parse_fields(std::string_view line) {
  Fields fields;
  while (!line.empty()) {
    if (line.starts_with(kText)) {
      fields["text"] = line.substr(kText.size());
      return fields;
    }
    std::string_view value = take(line, ' ');
    const std::string_view name = take(value, '=');
    fields[name] = value;
  }
  return fields;
}

std::optional<Command> parse_command(Time at, std::string_view line, std::uint64_t nodes) {
  const Fields fields = parse_fields(line);
  const auto value = [&](std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view{} : found->second;
  };
  const auto trigger = parse_number(value("trigger"));
  auto attempts = parse_deliveries(value("to"), nodes);
  auto doubles = parse_deliveries(value("doubles"), nodes);
  if (!trigger || !attempts || attempts->empty() || !doubles) return std::nullopt;
  return Command{at,
                 *trigger,
                 std::string(value("user")),
                 std::string(value("channel")),
                 std::string(value("text")),
                 std::move(*attempts),
                 std::move(*doubles)};
}

std::optional<Fault> parse_fault(Time at, std::string_view line, std::uint64_t count) {
  const std::string_view name = take(line, ' ');
  const auto info = std::find_if(all_faults().begin(), all_faults().end(),
                                 [&](const FaultInfo& known) { return known.name == name; });
  Fields fields = parse_fields(line);
  const auto lasts = parse_time(fields["for"]);
  const auto amount = parse_number(fields["amount"]);
  const auto salt = parse_number(fields["salt"]);
  if (info == all_faults().end() || !lasts || !amount || !salt) return std::nullopt;
  Fault fault{info->kind, at, *lasts, {}, *amount, *salt};
  for (std::string_view nodes = fields["nodes"]; !nodes.empty();) {
    const auto node = parse_node(take(nodes, ','), count);
    if (!node) return std::nullopt;
    fault.nodes.push_back(*node);
  }
  return fault;
}

// False where the line is none of a plan.
bool parse_line(std::string_view line, Plan& plan) {
  std::string_view rest = line;
  const auto at = parse_time(take(rest, ' '));
  if (!at) return false;
  const std::string_view kind = take(rest, ' ');
  if (kind == "command") {
    auto command = parse_command(*at, rest, plan.options.nodes);
    if (command) plan.commands.push_back(std::move(*command));
    return command.has_value();
  }
  auto fault =
      kind == "fault" ? parse_fault(*at, rest, plan.options.nodes) : std::optional<Fault>{};
  if (fault) plan.faults.push_back(std::move(*fault));
  return fault.has_value();
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text = std::string(kOptions) + to_text(plan.options) + "\n";
  auto command = plan.commands.begin();
  auto fault = plan.faults.begin();
  while (command != plan.commands.end() || fault != plan.faults.end()) {
    const bool next_is_fault =
        command == plan.commands.end() || (fault != plan.faults.end() && fault->at <= command->at);
    text += (next_is_fault ? line_of(*fault++) : line_of(*command++)) + "\n";
  }
  return text;
}

crdt::Result<Plan> parse_plan(std::string_view text) {
  Plan plan;
  std::size_t number = 0;
  bool has_options = false;
  while (!text.empty()) {
    const std::string_view line = take(text, '\n');
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (!has_options && line.starts_with(kOptions)) {
      auto options = parse_options(line.substr(kOptions.size()));
      if (!options) return options.error();
      plan.options = std::move(*options);
      has_options = true;
      continue;
    }
    if (!has_options || !parse_line(line, plan)) {
      return crdt::Error("line " + std::to_string(number) + " is none of a plan");
    }
  }
  if (!has_options) return crdt::Error("a plan begins with a line of options");
  return plan;
}

}  // namespace simulation

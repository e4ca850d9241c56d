// The written form of a Plan, one line for each thing:
//
//   options seed=7 nodes=5 ...
//   0:12.345000 command trigger=12 user=U3 channel=C2 to=a,b*,c doubles=b@0:01.000000* text=3 !done
//   0:13.000000 command trigger=13 user=U3 channel=C2 to=a@0:02.000000,c doubles= text=take 3
//   0:20.000000 fault partition for=0:20.000000 nodes=a,c amount=0 salt=77
//
// '*' marks a delivery with a signature of its own. Lines that begin with '#' are remarks.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "simulation/plan.h"
#include "simulation/slack_workspace.h"

namespace simulation {
namespace {

constexpr std::string_view kOptions = "options ";
constexpr std::string_view kText = "text=";

std::string word_of(const Delivery& delivery) {
  std::string text(1, letter_of(delivery.node));
  if (delivery.after > 0us) text += '@' + to_text(delivery.after);
  return text + (delivery.resigned ? "*" : "");
}

std::string list_of(const std::vector<Delivery>& deliveries) {
  std::string text;
  for (const Delivery& delivery : deliveries) {
    text.append(text.empty() ? "" : ",").append(word_of(delivery));
  }
  return text;
}

std::string line_of(const Command& command) {
  return to_text(command.at) + " command trigger=" + std::to_string(command.trigger) +
         " user=" + command.user + " channel=" + command.channel +
         " to=" + list_of(command.attempts) + " doubles=" + list_of(command.doubles) +
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

// The fields of one line, each taken once; the first that is wrong is the line's error.
class Reader {
 public:
  Reader(std::string_view line, std::uint64_t nodes) : fields_(parse_fields(line)), nodes_(nodes) {}

  std::string_view take(std::string_view name) {
    const auto found = fields_.find(name);
    if (found == fields_.end()) {
      complain("is missing", name, "");
      return {};
    }
    const std::string_view value = found->second;
    fields_.erase(found);
    return value;
  }

  std::uint64_t number(std::string_view name) {
    const std::string_view text = take(name);
    const auto number = parse_number(text);
    if (!number) complain("is no number", name, text);
    return number.value_or(0);
  }

  Time time(std::string_view name) {
    const std::string_view text = take(name);
    const auto time = parse_time(text);
    if (!time) complain("is no time like 0:20.000000", name, text);
    return time.value_or(Time{});
  }

  std::vector<Delivery> deliveries(std::string_view name) {
    const std::string_view text = take(name);
    auto deliveries = parse_deliveries(text, nodes_);
    if (!deliveries) complain("is no list of nodes like a,b*,c@0:01.000000", name, text);
    return deliveries ? std::move(*deliveries) : std::vector<Delivery>{};
  }

  std::vector<NodeIndex> nodes(std::string_view name) {
    std::vector<NodeIndex> nodes;
    const std::string_view all = take(name);
    for (std::string_view rest = all; !rest.empty();) {
      const auto node = parse_node(simulation::take(rest, ','), nodes_);
      if (!node) complain("is no list of nodes like a,c", name, all);
      nodes.push_back(node.value_or(0));
    }
    return nodes;
  }

  void complain(std::string_view what, std::string_view name, std::string_view value) {
    if (!error_.empty()) return;
    error_.append(name).append("=").append(value).append(" ").append(what);
  }

  [[nodiscard]] crdt::Result<void> end() {
    if (!fields_.empty()) complain("is not known here", fields_.begin()->first, "");
    if (!error_.empty()) return crdt::Error(error_);
    return {};
  }

 private:
  Fields fields_;
  std::uint64_t nodes_;
  std::string error_;
};

crdt::Result<void> parse_command(Time at, std::string_view line, Plan& plan,
                                 std::set<std::uint64_t>& triggers) {
  Reader in(line, plan.options.nodes);
  Command command;
  command.at = at;
  command.trigger = in.number("trigger");
  command.user = in.take("user");
  command.channel = in.take("channel");
  command.attempts = in.deliveries("to");
  command.doubles = in.deliveries("doubles");
  command.text = in.take("text");
  if (command.attempts.empty()) in.complain("names no node", "to", "");
  if (command.attempts.size() > kAttemptsMax) in.complain("names more than four nodes", "to", "");
  if (!triggers.insert(command.trigger).second) {
    in.complain("is another command's, too: Slack names each once", "trigger",
                std::to_string(command.trigger));
  }
  plan.commands.push_back(std::move(command));
  return in.end();
}

crdt::Result<void> parse_fault(Time at, std::string_view line, Plan& plan) {
  const std::string_view name = take(line, ' ');
  const auto info = std::find_if(all_faults().begin(), all_faults().end(),
                                 [&](const FaultInfo& known) { return known.name == name; });
  if (info == all_faults().end()) {
    return crdt::Error("there is no fault called \"" + std::string(name) + "\"");
  }
  Reader in(line, plan.options.nodes);
  Fault fault{info->kind,       at, in.time("for"), in.nodes("nodes"), in.number("amount"),
              in.number("salt")};
  plan.faults.push_back(std::move(fault));
  return in.end();
}

crdt::Result<void> parse_line(std::string_view line, Plan& plan,
                              std::set<std::uint64_t>& triggers) {
  const std::string_view time = take(line, ' ');
  const auto at = parse_time(time);
  if (!at) return crdt::Error("\"" + std::string(time) + "\" is no time like 0:20.000000");
  const std::string_view kind = take(line, ' ');
  if (kind == "command") return parse_command(*at, line, plan, triggers);
  if (kind == "fault") return parse_fault(*at, line, plan);
  return crdt::Error("\"" + std::string(kind) + "\" is neither a command nor a fault");
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
  std::set<std::uint64_t> triggers;
  while (!text.empty()) {
    const std::string_view line = take(text, '\n');
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (!has_options && line.starts_with(kOptions)) {
      auto options = parse_options(line.substr(kOptions.size()));
      if (!options) {
        return crdt::Error("line " + std::to_string(number) + ": " + options.error().message);
      }
      plan.options = std::move(*options);
      has_options = true;
      continue;
    }
    if (!has_options) break;
    if (const auto read = parse_line(line, plan, triggers); !read) {
      return crdt::Error("line " + std::to_string(number) + ": " + read.error().message);
    }
  }
  if (!has_options) return crdt::Error("a plan begins with a line of options");
  return plan;
}

}  // namespace simulation

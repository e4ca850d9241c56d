#include "simulation/plan.h"

#include <algorithm>

#include "simulation/dice.h"
#include "simulation/people.h"

namespace simulation {
namespace {

constexpr Duration kFaultMin = 1s;
constexpr Duration kFaultMax = 40s;
constexpr Duration kFaultTail = 2s;  // Before the end: the last fault should have begun by then.
constexpr Duration kAgainMax = 3s;   // Links are dialled again within two.

std::vector<NodeIndex> draw_nodes(Dice& dice, std::uint64_t nodes, std::uint64_t count) {
  std::vector<NodeIndex> all;
  for (NodeIndex node = 0; node < nodes; ++node) all.push_back(node);
  dice.shuffle(all);
  all.resize(std::min<std::uint64_t>(count, nodes));
  std::sort(all.begin(), all.end());
  return all;
}

bool cuts_groups(FaultKind kind) {
  return kind == FaultKind::kPartition || kind == FaultKind::kOneWay ||
         kind == FaultKind::kBridge || kind == FaultKind::kFlapping || kind == FaultKind::kSwizzle;
}

// How many nodes it hits: a side of a cut, or one or two.
std::uint64_t draw_count(Dice& dice, FaultKind kind, std::uint64_t nodes) {
  if (kind == FaultKind::kAllDown || kind == FaultKind::kRing) return nodes;
  if (cuts_groups(kind)) return dice.between(1, std::max<std::uint64_t>(1, nodes - 1));
  return dice.chance(1, 4) ? 2 : 1;
}

Fault draw_fault(Dice& dice, const std::vector<FaultKind>& kinds, const Options& options, Time at) {
  Fault fault;
  fault.kind = dice.pick(kinds);
  fault.at = at;
  fault.lasts = std::min(dice.between(kFaultMin, kFaultMax), options.length - at);
  fault.nodes = draw_nodes(dice, options.nodes, draw_count(dice, fault.kind, options.nodes));
  fault.amount = dice.below(1'000);
  fault.salt = dice.next() >> 16;
  return fault;
}

std::vector<Fault> draw_faults(const Options& options) {
  Dice dice(options.seed, "faults");
  std::vector<FaultKind> kinds(options.faults.begin(), options.faults.end());
  const bool may_break = std::erase(kinds, FaultKind::kBroken) > 0;
  std::vector<Fault> faults;
  const Time end = options.length - kFaultTail;
  for (Time at = dice.exponential(options.fault_every); at < end && !kinds.empty();
       at += dice.exponential(options.fault_every)) {
    faults.push_back(draw_fault(dice, kinds, options, at));
    const Time over = at + faults.back().lasts + dice.between(0us, kAgainMax);
    // What comes back breaks again before it is whole: scans do not reach their end.
    if (over >= end || !dice.chance(1, 4)) continue;
    faults.push_back(draw_fault(dice, kinds, options, over));
  }
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  const std::uint64_t minority = (options.nodes - 1) / 2;
  if (may_break && minority > 0) {
    const std::uint64_t count = dice.between(1, minority);
    faults.push_back({FaultKind::kBroken, options.length, 0us,
                      draw_nodes(dice, options.nodes, count), dice.below(kBrokenModes),
                      dice.next() >> 16});
  }
  return faults;
}

std::string with_nodes(std::string_view words, const std::vector<NodeIndex>& nodes) {
  constexpr std::string_view kPlace = "{nodes}";
  std::string text(words);
  const std::size_t at = text.find(kPlace);
  if (at != std::string::npos) text.replace(at, kPlace.size(), names_of(nodes));
  return text;
}

}  // namespace

Plan draw_plan(const Options& options) {
  return {options, draw_commands(options), draw_faults(options)};
}

std::string names_of(const std::vector<NodeIndex>& nodes) {
  std::string text;
  for (const NodeIndex node : nodes) {
    text.append(text.empty() ? "" : ", ").push_back(letter_of(node));
  }
  return text;
}

std::string words_of(const Fault& fault) {
  std::string text = with_nodes(info_of(fault.kind).words, fault.nodes);
  if (fault.kind != FaultKind::kBroken) text += ", for " + to_text(fault.lasts);
  return text;
}

std::string words_of(const Command& command) {
  std::string text = command.user + " in " + command.channel + " types \"/ir " + command.text + '"';
  if (!command.attempts.empty()) {
    const Delivery& first = command.attempts.front();
    text.append(", sent to ").push_back(letter_of(first.node));
    if (first.after > 0us) text += " and there only " + to_text(first.after) + " later";
  }
  return text;
}

}  // namespace simulation

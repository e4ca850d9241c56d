#include "simulation/history.h"

#include "simulation/slack_workspace.h"

namespace simulation {

History::History(const Plan& plan, const Details& details) {
  for (std::size_t command = 0; command < plan.commands.size(); ++command) {
    const auto found = details.find(SlackWorkspace::request_id(plan.commands[command].trigger));
    if (found == details.end()) continue;
    const std::string key = SlackWorkspace::document_key(plan.commands[command].channel);
    for (const slack::incident::Detail& detail : found->second) {
      for (const slack::incident::FieldChange& change : detail.changes) {
        auto& [writer, olds] = values_[key][change.dot];
        writer = command;
        for (const slack::incident::OldValue& old_value : change.old_values) {
          olds.push_back(old_value.dot);
          replaced_[key].insert(old_value.dot);
        }
      }
    }
  }
}

bool History::written(const std::string& document, const crdt::Dot& dot) const {
  const auto values = values_.find(document);
  return values != values_.end() && values->second.contains(dot);
}

bool History::replaced(const std::string& document, const crdt::Dot& dot) const {
  const auto dots = replaced_.find(document);
  return dots != replaced_.end() && dots->second.contains(dot);
}

std::vector<crdt::Dot> History::standing(const std::string& document) const {
  std::vector<crdt::Dot> dots;
  const auto values = values_.find(document);
  if (values == values_.end()) return dots;
  for (const auto& [dot, value] : values->second) {
    if (!replaced(document, dot)) dots.push_back(dot);
  }
  return dots;
}

// Whether anything that `dot` replaced, or that was replaced by that, is `command`'s.
bool History::descends(const Values& values, const crdt::Dot& dot, std::size_t command) const {
  std::set<crdt::Dot> seen;
  std::vector<crdt::Dot> open = values.at(dot).second;
  while (!open.empty()) {
    const crdt::Dot next = open.back();
    open.pop_back();
    const auto value = values.find(next);
    if (value == values.end() || !seen.insert(next).second) continue;
    if (value->second.first == command) return true;
    open.insert(open.end(), value->second.second.begin(), value->second.second.end());
  }
  return false;
}

bool History::saw(const std::string& document, const crdt::Dot& dot, std::size_t command) const {
  const auto values = values_.find(document);
  return values != values_.end() && values->second.contains(dot) &&
         descends(values->second, dot, command);
}

std::optional<std::size_t> History::writer(const std::string& document,
                                           const crdt::Dot& dot) const {
  if (!written(document, dot)) return std::nullopt;
  return values_.at(document).at(dot).first;
}

std::optional<std::size_t> History::done_twice() const {
  for (const auto& [document, values] : values_) {
    for (const auto& [dot, value] : values) {
      if (descends(values, dot, value.first)) return value.first;
    }
  }
  return std::nullopt;
}

std::vector<std::pair<std::size_t, std::size_t>> History::replacements() const {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const auto& [document, values] : values_) {
    for (const auto& [dot, value] : values) {
      for (const crdt::Dot& old : value.second) {
        const auto found = values.find(old);
        if (found != values.end()) pairs.emplace_back(value.first, found->second.first);
      }
    }
  }
  return pairs;
}

}  // namespace simulation

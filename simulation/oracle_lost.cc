// Oracle's half that knows what lost disks had alone: what it must not ask for any more.
#include <algorithm>

#include "simulation/oracle.h"
#include "simulation/slack_workspace.h"

namespace simulation {

using slack::incident::Detail;

void Oracle::lost(const StoreView& node, const std::vector<Outline>& others) {
  any_loss_ = true;
  bool unshared = false;
  for (const auto& [request, count] : node.told()) {
    const auto tells = [&id = request](const Outline& other) { return other.told.contains(id); };
    if (std::any_of(others.begin(), others.end(), tells)) continue;
    excused_.insert(request);
    unshared = true;
  }
  if (unshared) coverage_.reach(Mark::kWipedWithUnsharedChanges);
  lost_records(node, others);
  lost_values(node, others);
}

void Oracle::lost_records(const StoreView& node, const std::vector<Outline>& others) {
  StoreView alone;
  for (const auto& [key, value] : node.requests) {
    const auto has = [&at = key](const Outline& other) { return other.requests.contains(at); };
    if (std::any_of(others.begin(), others.end(), has)) continue;
    alone.requests.emplace(key, value);
  }
  for (const auto& [request, details] : alone.details()) {
    unrecorded_.insert(request);
    for (const auto& value : values_of(request, details)) unwritten_.insert(value);
    // Its document may be elsewhere already: nobody else can say what these gave way to.
    for (const auto& value : replaced_by(request, details)) unshared_.insert(value);
  }
}

void Oracle::lost_values(const StoreView& node, const std::vector<Outline>& others) {
  const auto covered = [](const Outline& other, const std::pair<std::string, crdt::Dot>& value) {
    const auto context = other.contexts.find(value.first);
    return context != other.contexts.end() &&
           context->second.of(value.second.replica) >= value.second.counter;
  };
  for (const auto& [request, details] : node.details()) {
    for (const auto& value : values_of(request, details)) {
      const bool elsewhere = std::any_of(others.begin(), others.end(), [&](const Outline& other) {
        return covered(other, value);
      });
      if (!elsewhere) unshared_.insert(value);
    }
  }
}

std::optional<std::string> Oracle::document_of(const crdt::RequestId& request) const {
  const auto command = by_request_.find(request);
  if (command == by_request_.end()) return std::nullopt;
  return SlackWorkspace::document_key(plan_.commands[command->second].channel);
}

void Oracle::each_change(const crdt::RequestId& request, const std::vector<Detail>& details,
                         const OnChange& visit) const {
  const auto key = document_of(request);
  if (!key) return;
  for (const Detail& detail : details) {
    for (const auto& change : detail.changes) visit(*key, change);
  }
}

Oracle::Values Oracle::values_of(const crdt::RequestId& request,
                                 const std::vector<Detail>& details) const {
  Values values;
  each_change(request, details,
              [&](const std::string& key, const auto& change) { values.emplace(key, change.dot); });
  return values;
}

Oracle::Values Oracle::replaced_by(const crdt::RequestId& request,
                                   const std::vector<Detail>& details) const {
  Values values;
  each_change(request, details, [&](const std::string& key, const auto& change) {
    for (const auto& old : change.old_values) values.emplace(key, old.dot);
  });
  return values;
}

}  // namespace simulation

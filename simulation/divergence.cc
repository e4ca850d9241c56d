#include "simulation/divergence.h"

#include <algorithm>
#include <set>
#include <utility>

namespace simulation {
namespace {

std::string name_of(std::size_t node) {
  return std::string("node ") + static_cast<char>('a' + node);
}

// Of a handled request. People see what the request did.
bool is_mark(const std::string& field) { return field.find(" h/") != std::string::npos; }

bool sooner(const Divergence& a, const Divergence& b) {
  return std::pair(is_mark(a.field), a.at) < std::pair(is_mark(b.field), b.at);
}

std::string value_in(const Diagram::Fields& fields, const std::string& field) {
  const auto found = fields.find(field);
  return found == fields.end() ? "" : found->second;
}

// The fields on which stores differ.
std::set<std::string> differing(const std::vector<Diagram::Fields>& stores) {
  std::set<std::string> fields;
  for (const Diagram::Fields& store : stores) {
    for (const auto& [field, value] : store) {
      const bool alike = std::all_of(stores.begin(), stores.end(),
                                     [&, &key = field, &held = value](const auto& other) {
                                       return value_in(other, key) == held;
                                     });
      if (!alike) fields.insert(field);
    }
  }
  return fields;
}

// Two stores that differ on `field`, and since when, going back from the end.
std::optional<Divergence> of_field(const Diagram& diagram, const std::string& field) {
  std::vector<std::string> values;
  for (const Diagram::Fields& store : diagram.stores) values.push_back(value_in(store, field));
  const auto other = std::find_if(values.begin(), values.end(),
                                  [&](const auto& value) { return value != values.front(); });
  if (other == values.end()) return std::nullopt;
  const auto right = static_cast<std::size_t>(other - values.begin());
  Divergence found{{},
                   "From here on these two stores differ.",
                   field,
                   name_of(0),
                   values.front(),
                   name_of(right),
                   *other};
  const auto& changes = diagram.changes();
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->field != field) continue;
    const auto differ = [&] {
      return std::any_of(values.begin(), values.end(),
                         [&](const auto& value) { return value != values.front(); });
    };
    if (!differ()) break;
    found.at = change->at;
    values[change->node] = change->before;
  }
  return found;
}

// The first change that took a value away, on nodes that came back if `went_back`, else on others.
std::optional<Divergence> first_taken_away(const Diagram& diagram, bool went_back) {
  const auto& changes = diagram.changes();
  const auto taken = std::find_if(changes.begin(), changes.end(), [&](const DiagramChange& change) {
    return change.went_back == went_back && change.after.empty() && !is_mark(change.field);
  });
  if (taken == changes.end()) return std::nullopt;
  const std::string name = name_of(taken->node);
  const char* why = went_back ? "The node came back without it." : "Nothing took its place.";
  return Divergence{taken->at,        why,           taken->field,
                    name + " before", taken->before, name + " afterwards",
                    taken->after};
}

std::optional<Divergence> longest_apart(const Diagram& diagram) {
  std::map<std::string, std::vector<std::string>> held;  // By field and node.
  std::map<std::string, Divergence> apart;               // By field: since when.
  std::optional<Divergence> longest;
  Duration most{};
  for (const DiagramChange& change : diagram.changes()) {
    if (is_mark(change.field)) continue;
    std::vector<std::string>& values = held[change.field];
    values.resize(diagram.stores.size());
    values[change.node] = change.after;
    const auto other = std::find_if(values.begin(), values.end(),
                                    [&](const auto& value) { return value != change.after; });
    const auto since = apart.find(change.field);
    if (other != values.end() && since == apart.end()) {
      apart[change.field] = {
          change.at,    "Every store agrees in the end. These were apart longest.",
          change.field, name_of(change.node),
          change.after, name_of(static_cast<std::size_t>(other - values.begin())),
          *other};
    } else if (other == values.end() && since != apart.end()) {
      if (change.at - since->second.at > most) longest = since->second;
      most = std::max<Duration>(most, change.at - since->second.at);
      apart.erase(since);
    }
  }
  return longest;
}

std::optional<Divergence> at_the_end(const Diagram& diagram) {
  std::optional<Divergence> first;
  for (const std::string& field : differing(diagram.stores)) {
    auto found = of_field(diagram, field);
    if (found && (!first || sooner(*found, *first))) first = std::move(found);
  }
  return first;
}

}  // namespace

std::optional<Divergence> first_divergence(const Diagram& diagram) {
  if (auto found = at_the_end(diagram)) return found;
  if (auto found = first_taken_away(diagram, false)) return found;
  if (auto found = first_taken_away(diagram, true)) return found;
  return longest_apart(diagram);
}

}  // namespace simulation

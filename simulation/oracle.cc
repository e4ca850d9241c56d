#include "simulation/oracle.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "crdt/handled_set.h"
#include "simulation/effects_asked.h"
#include "simulation/slack_workspace.h"
#include "slack/incident/tasks.h"

namespace simulation {
namespace {

using slack::incident::Detail;

constexpr std::string_view kTaskPaths = "t/";
constexpr std::string_view kPastTaskPaths = "t0";

// "12" of "*3 tasks* of 12".
std::optional<std::size_t> tasks_known(std::string_view body) {
  for (const std::string_view before : {"task* of ", "tasks* of "}) {
    const std::size_t at = body.find(before);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = body.substr(at + before.size());
    std::size_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> number_of(std::string_view label) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

std::string value_words(std::string_view path, std::string_view value, std::string_view document) {
  std::string words(path);
  return words.append(" = ").append(value).append(" in ").append(document);
}

std::string_view id_of(std::string_view path) {
  const std::string_view rest = path.substr(kTaskPaths.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

Oracle::Oracle(const Plan& plan, Coverage& coverage, Verdict& verdict)
    : plan_(plan), coverage_(coverage), verdict_(verdict) {
  for (const Command& command : plan.commands) {
    if (!command.text.starts_with("add ")) continue;
    for (const FieldAsked& field : effects_asked(command)) {
      if (field.path_end.ends_with("/text")) created_.insert(field.value);
    }
  }
}

void Oracle::fail(Time at, std::string property, std::string detail) {
  verdict_.fail({"safety", std::move(property), std::move(detail), at});
}

// --- what people see ---

Oracle::Promise Oracle::sent(std::size_t index, NodeIndex node, std::uint64_t incarnation,
                             std::int64_t signed_second) {
  const Command& command = plan_.commands[index];
  stamps_[SlackWorkspace::request_id(command.trigger)].insert(signed_second);
  Shown& shown = shown_[{node, command.channel}];
  if (shown.incarnation != incarnation) shown = Shown{incarnation, 0, 0, {}};
  return {incarnation, std::max(shown.added, shown.tasks_max), shown.numbers};
}

void Oracle::answered(Time at, std::size_t index, NodeIndex node, std::uint64_t incarnation,
                      const Promise& promise, std::string_view body) {
  const Command& command = plan_.commands[index];
  const auto known = tasks_known(body);
  const bool same_life = promise.incarnation == incarnation;
  const auto where = [&] {
    return " in " + command.channel + " on " + letter_of(node) + ", asked \"" + command.text + '"';
  };
  if (known && same_life && *known < promise.tasks) {
    fail(at, "a peer shows again what it has shown",
         std::to_string(*known) + " tasks" + where() + ", after " + std::to_string(promise.tasks));
  }
  for (const std::uint32_t number : same_life ? promise.numbers : std::set<std::uint32_t>{}) {
    const std::string denial = "There is no task #" + std::to_string(number) + " in";
    if (body.find(denial) == std::string_view::npos) continue;
    fail(at, "a peer shows again what it has shown", "no task " + std::to_string(number) + where());
  }
  Shown& shown = shown_[{node, command.channel}];
  if (same_life && shown.incarnation == incarnation && known) {
    shown.tasks_max = std::max(shown.tasks_max, *known);
  }
  if (SlackWorkspace::judge(200, body) != Answer::kChanged) return;
  const bool first = acknowledged_.try_emplace(index, at, node).second;
  const auto label = SlackWorkspace::added_label(body);
  if (!label || !same_life || shown.incarnation != incarnation) return;
  if (first) ++shown.added;
  if (const auto number = number_of(*label)) shown.numbers.insert(*number);
}

// --- what nodes store ---

void Oracle::lost(const StoreView& node, const std::vector<StoreView>& others) {
  any_loss_ = true;
  std::set<crdt::RequestId> elsewhere;
  for (const StoreView& other : others) {
    for (const auto& [request, count] : other.told()) elsewhere.insert(request);
  }
  bool unshared = false;
  for (const auto& [request, count] : node.told()) {
    if (elsewhere.contains(request)) continue;
    excused_.insert(request);
    unshared = true;
  }
  if (unshared) coverage_.reach(Mark::kWipedWithUnsharedChanges);
}

void Oracle::check_store(Time at, NodeIndex node, const StoreView& view, std::uint64_t replicas) {
  for (const auto& [key, document] : view.documents) {
    const std::string where = " in " + key + " on " + letter_of(node);
    check_tasks(at, where, document);
    check_dots(at, key, document);
    if (document.context.entries().size() > replicas) {
      verdict_.fail({"bounds", "a vector has at most an entry for each Replica",
                     std::to_string(document.context.entries().size()) + where, at});
    }
  }
  check_timeline(at, std::string(" on ") + letter_of(node), view);
}

void Oracle::check_tasks(Time at, const std::string& where, const DocumentView& document) {
  std::set<std::string_view> halves;
  std::map<std::string_view, std::string_view> texts;
  const auto end = document.leaves.lower_bound(kPastTaskPaths);
  for (auto leaf = document.leaves.lower_bound(kTaskPaths); leaf != end; ++leaf) {
    const std::string_view path = leaf->first;
    const std::string_view id = id_of(path);
    if (!document.leaves.contains(slack::incident::core_path(id))) {
      fail(at, "no half task", "task " + std::string(id) + " has no core" + where);
    }
    if (leaf->second.size() > document.context.entries().size()) {
      verdict_.fail(
          {"bounds", "a path has at most a value for each writer", std::string(path) + where, at});
    }
    if (!path.ends_with("/text")) continue;
    for (const crdt::Leaf& text : leaf->second) {
      const auto [held, fresh] = texts.try_emplace(text.value, id);
      if (fresh || held->second == id) continue;
      if (created_.contains(text.value)) {
        fail(at, "nothing is done twice", "\"" + text.value + "\" is two tasks" + where);
      } else {
        coverage_.reach(Mark::kBareNumberMeantTwo);  // See the known limits.
      }
    }
  }
}

void Oracle::check_dots(Time at, const std::string& key, const DocumentView& document) {
  for (const auto& [path, siblings] : document.leaves) {
    for (const crdt::Leaf& leaf : siblings) {
      const auto [held, fresh] = dots_.try_emplace({key, leaf.dot}, leaf);
      if (fresh || held->second == leaf) continue;
      fail(at, "every dot is unique", value_words("one dot is " + held->second.path, path, key));
    }
  }
}

void Oracle::check_timeline(Time at, const std::string& where, const StoreView& view) {
  for (const auto& [request, count] : view.told()) {
    const auto stamps = stamps_.find(request);
    // Known limit: handled on both sides of a cut, a request has a record for each signature.
    const std::size_t most = stamps == stamps_.end() ? 0 : stamps->second.size();
    if (count <= most) continue;
    fail(at, "nothing is done twice",
         std::to_string(count) + " timeline records of one request that was signed " +
             std::to_string(most) + " times" + where);
  }
}

void Oracle::check_converged(Time at, const StoreView& core, const std::vector<StoreView>& rest) {
  const auto details = core.details();
  const History history(plan_, details);
  check_acknowledged(at, core, details, rest);
  check_model(at, core, history);
  check_history(at, history);
}

void Oracle::check_acknowledged(Time at, const StoreView& core, const History::Details& details,
                                const std::vector<StoreView>& rest) {
  const auto told = core.told();
  std::set<crdt::RequestId> behind;  // Known to nodes that never came back alone.
  for (const StoreView& other : rest) {
    for (const auto& [request, count] : other.told()) behind.insert(request);
  }
  for (const auto& [index, answer] : acknowledged_) {
    const Command& command = plan_.commands[index];
    const crdt::RequestId request = SlackWorkspace::request_id(command.trigger);
    const bool excused = excused_.contains(request) || behind.contains(request);
    if (!told.contains(request)) {
      if (excused) continue;
      fail(at, "no acknowledged change is lost",
           words_of(command) + ", acknowledged by " + letter_of(answer.second) + " at " +
               to_text(answer.first) + ", has left no timeline record");
      continue;
    }
    const auto found = details.find(request);
    if (found != details.end()) {
      if (found->second.size() > 1) coverage_.reach(Mark::kHandledTwice);
      check_effect(at, index, found->second);
    } else if (!any_loss_ && !excused) {
      fail(at, "no acknowledged change is lost", words_of(command) + " has left no request record");
    }
  }
}

// What the request records say was written is what was asked for.
void Oracle::check_effect(Time at, std::size_t index, const std::vector<Detail>& details) {
  const Command& command = plan_.commands[index];
  const std::vector<FieldAsked> asked = effects_asked(command);
  for (const Detail& detail : details) {
    for (const slack::incident::FieldChange& change : detail.changes) {
      const bool wanted = std::any_of(asked.begin(), asked.end(), [&](const FieldAsked& field) {
        return change.path.ends_with(field.path_end) &&
               (field.value.empty() || field.value == change.value);
      });
      if (wanted) continue;
      fail(at, "a command does what it says",
           words_of(command) + " wrote " + change.path + " = " + change.value);
    }
  }
}

void Oracle::check_model(Time at, const StoreView& core, const History& history) {
  for (const auto& [key, document] : core.documents) {
    std::set<crdt::Dot> live;
    for (const auto& [path, siblings] : document.leaves) {
      if (!path.starts_with(kTaskPaths)) continue;
      for (const crdt::Leaf& leaf : siblings) {
        live.insert(leaf.dot);
        if (history.replaced(key, leaf.dot)) {
          fail(at, "nothing replaced comes back", value_words(path, leaf.value, key));
        } else if (!any_loss_ && !history.written(key, leaf.dot)) {
          fail(at, "every value was asked for", value_words(path, leaf.value, key));
        }
      }
    }
    for (const crdt::Dot& dot : history.standing(key)) {
      if (any_loss_ || live.contains(dot)) continue;
      fail(at, "no change is lost unless a later one saw it",
           "a value of process " + std::to_string(dot.replica.value) + " in " + key);
    }
  }
}

// A request that saw what it had done before did it twice; one that replaced what was asked for
// after it came too late for that.
void Oracle::check_history(Time at, const History& history) {
  if (const auto twice = history.done_twice()) {
    fail(at, "nothing is done twice", words_of(plan_.commands[*twice]) + " has seen itself");
  }
  const auto stamps = [&](std::size_t command) -> const std::set<std::int64_t>& {
    return stamps_[SlackWorkspace::request_id(plan_.commands[command].trigger)];
  };
  for (const auto& [late, early] : history.replacements()) {
    if (plan_.commands[early].text.starts_with("add ")) continue;  // Any edit beats a create.
    const auto& own = stamps(late);
    const auto& others = stamps(early);
    if (own.empty() || others.empty() || *own.rbegin() >= *others.begin()) continue;
    fail(at, "what was asked for later stands",
         words_of(plan_.commands[late]) + " replaced: " + words_of(plan_.commands[early]));
  }
}

}  // namespace simulation

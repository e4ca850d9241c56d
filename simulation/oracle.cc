#include "simulation/oracle.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "crdt/handled_set.h"
#include "simulation/effects_asked.h"
#include "simulation/slack_workspace.h"
#include "slack/incident/grammar.h"
#include "slack/incident/status_set.h"
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

// "7" of "7 !done", "done 7" and "7: text".
std::optional<std::uint32_t> bare_number(const std::string& text) {
  const auto command = slack::incident::parse(text, slack::incident::StatusSet::standard());
  slack::incident::TaskRef ref;
  if (const auto* update = std::get_if<slack::incident::Update>(&command)) ref = update->task;
  const auto* finish = std::get_if<slack::incident::Finish>(&command);
  if (finish != nullptr && finish->tasks.size() == 1) ref = finish->tasks.front();
  return ref.number > 0 && ref.letter == 0 ? std::optional(ref.number) : std::nullopt;
}

bool bears(const DocumentView& document, std::string_view id, const std::string& label) {
  const auto leaves = document.leaves.find(slack::incident::core_path(id));
  if (leaves == document.leaves.end()) return false;
  return std::any_of(leaves->second.begin(), leaves->second.end(), [&](const crdt::Leaf& leaf) {
    const auto core = slack::incident::decode_core(leaf.value);
    if (!core || number_of(label) != core->number) return false;
    return label.back() < 'a' || label.back() == core->letter;
  });
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
  std::set<std::string> texts;
  for (std::size_t i = 0; i < plan.commands.size(); ++i) {
    const Command& command = plan.commands[i];
    by_request_.emplace(SlackWorkspace::request_id(command.trigger), i);
    for (const FieldAsked& field : effects_asked(command)) {
      if (!field.path_end.ends_with("/text")) continue;
      const bool fresh = texts.insert(field.value).second;
      if (fresh && command.text.starts_with("add ")) created_.insert(field.value);
      if (!fresh) created_.erase(field.value);
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
  auto& stamps = stamps_[SlackWorkspace::request_id(command.trigger)];
  const bool first = stamps.empty();
  stamps.insert(signed_second);
  ShownTasks& shown = shown_[{node, command.channel}];
  if (shown.incarnation != incarnation) shown = ShownTasks{incarnation, 0, 0, {}};
  return {incarnation, std::max(shown.added, shown.tasks_max), shown.numbers, first, false};
}

std::optional<std::uint32_t> Oracle::shared_number(std::size_t index) const {
  const Command& command = plan_.commands[index];
  const auto number = bare_number(command.text);
  if (!number) return std::nullopt;
  const auto found = numbered_.find({command.channel, *number});
  return found != numbered_.end() && found->second > 1 ? number : std::nullopt;
}

void Oracle::answered(Time at, std::size_t index, NodeIndex node, std::uint64_t incarnation,
                      const Promise& promise, std::string_view body, const Kept& kept) {
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
  ShownTasks& shown = shown_[{node, command.channel}];
  if (same_life && shown.incarnation == incarnation && known) {
    shown.tasks_max = std::max(shown.tasks_max, *known);
  }
  if (SlackWorkspace::judge(200, body) != Answer::kChanged) return;
  compare_answers(index, node, incarnation, body);
  const bool first = acknowledged_.try_emplace(index, at, node).second;
  const auto label = SlackWorkspace::added_label(body);
  if (same_life) check_answer(at, index, node, promise, kept);
  if (label && labels_.try_emplace(index, *label).second) {
    if (const auto number = number_of(*label)) ++numbered_[{command.channel, *number}];
  }
  if (!label || !same_life || shown.incarnation != incarnation) return;
  if (first) ++shown.added;
  if (const auto number = number_of(*label)) shown.numbers.insert(*number);
}

// But for the line that tells how things are just now. Where two nodes handled it, each has an
// answer of its own: that shows in the end.
void Oracle::compare_answers(std::size_t index, NodeIndex node, std::uint64_t incarnation,
                             std::string_view body) {
  if (body.find("Some peers are out of reach") != std::string_view::npos) return;
  const Given given{incarnation, std::string(body)};
  Given& before = given_.try_emplace({index, node}, given).first->second;
  if (before.first != incarnation) before = given;
  if (before == given) return;
  answered_otherwise_.try_emplace(index,
                                  " was answered " + before.second + " and then " + given.second);
}

void Oracle::check_answer(Time at, std::size_t index, NodeIndex node, const Promise& promise,
                          const Kept& kept) {
  const std::string what = words_of(plan_.commands[index]);
  if (!kept.here) fail(at, "nothing is answered before it is stored", what);
  if (kept.missing) {
    fail(at, "a change answered at once is on every peer",
         what + ", and " + letter_of(*kept.missing) + " does not have it");
  }
  if (!promise.asks) return;
  fail(at, "of two tasks with one number Muster asks which",
       what + ", and " + letter_of(node) + " changed one of them");
}

void Oracle::spread_late(Time at, std::size_t command, NodeIndex node) {
  fail(at, "in calm a change is soon on every peer",
       words_of(plan_.commands[command]) + ", and " + letter_of(node) + " still does not have it");
}

// --- what nodes store ---

void Oracle::check_store(Time at, NodeIndex node, const StoreView& view, std::uint64_t replicas) {
  for (const auto& [key, document] : view.documents) {
    const std::string where = " in " + key + " on " + letter_of(node);
    check_tasks(at, where, document);
    if (!reminted_) check_dots(at, key, document);
    if (!reminted_ && document.context.entries().size() > replicas) {
      verdict_.fail({"bounds", "a vector has at most an entry for each Replica",
                     std::to_string(document.context.entries().size()) + where, at});
    }
  }
  check_timeline(at, std::string(" on ") + letter_of(node), view);
}

void Oracle::check_tasks(Time at, const std::string& where, const DocumentView& document) {
  std::set<std::string_view> halves;
  std::map<std::string_view, std::string_view> texts;
  Labels labels;
  const auto end = document.leaves.lower_bound(kPastTaskPaths);
  for (auto leaf = document.leaves.lower_bound(kTaskPaths); leaf != end; ++leaf) {
    const std::string_view path = leaf->first;
    const std::string_view id = id_of(path);
    if (!reminted_ && !document.leaves.contains(slack::incident::core_path(id))) {
      fail(at, "no half task", "task " + std::string(id) + " has no core" + where);
    }
    if (leaf->second.size() > document.context.entries().size()) {
      verdict_.fail(
          {"bounds", "a path has at most a value for each writer", std::string(path) + where, at});
    }
    if (path.ends_with("/core")) {
      for (const crdt::Leaf& core : leaf->second) check_label(at, where, id, core.value, labels);
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

// Where nobody forgot what it minted, a number and a letter are one task's.
void Oracle::check_label(Time at, const std::string& where, std::string_view id,
                         std::string_view value, Labels& labels) {
  const auto core = slack::incident::decode_core(value);
  if (!core || any_loss_) return;
  const auto [held, fresh] = labels.try_emplace({core->number, core->letter}, id);
  if (fresh || held->second == id) return;
  fail(at, "a label is one task's",
       "#" + std::to_string(core->number) + core->letter + " is two tasks" + where);
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

void Oracle::check_converged(Time at, const StoreView& core, const Shown& shown,
                             const std::vector<StoreView>& rest) {
  const auto details = core.details();
  const History history(plan_, details);
  check_acknowledged(at, core, details, rest);
  check_tasks_kept(at, core, rest);
  if (reminted_) return;
  check_model(at, core, history);
  check_history(at, history);
  check_shown(at, core, shown, history, details);
  check_labels(at, core, rest);
}

void Oracle::check_tasks_kept(Time at, const StoreView& core, const std::vector<StoreView>& rest) {
  for (const auto& [index, label] : labels_) {
    const Command& command = plan_.commands[index];
    const crdt::RequestId request = SlackWorkspace::request_id(command.trigger);
    if (excused_.contains(request)) continue;
    const std::string path = slack::incident::core_path(slack::incident::task_id(request));
    const auto holds = [&](const StoreView& view) {
      const auto found = view.documents.find(SlackWorkspace::document_key(command.channel));
      return found != view.documents.end() && found->second.leaves.contains(path);
    };
    if (holds(core) || std::any_of(rest.begin(), rest.end(), holds)) continue;
    fail(at, "no acknowledged change is lost", "there is no task of: " + words_of(command));
  }
}

// What a person was shown as "#7b" has that number, and if a letter was shown that one, in the
// core or at a node that never came back.
void Oracle::check_labels(Time at, const StoreView& core, const std::vector<StoreView>& rest) {
  if (any_loss_) return;
  for (const auto& [index, label] : labels_) {
    const std::string id =
        slack::incident::task_id(SlackWorkspace::request_id(plan_.commands[index].trigger));
    const std::string key = SlackWorkspace::document_key(plan_.commands[index].channel);
    const auto means = [&, &shown = label](const StoreView& view) {
      const auto document = view.documents.find(key);
      return document != view.documents.end() && bears(document->second, id, shown);
    };
    if (means(core) || std::any_of(rest.begin(), rest.end(), means)) continue;
    fail(at, "a reference that was shown keeps its meaning",
         "#" + label + " is no name of what was added by: " + words_of(plan_.commands[index]));
  }
}

Oracle::Said Oracle::said_in(const History::Details& details) const {
  Said said;
  for (const auto& [request, handlings] : details) {
    each_change(request, handlings, [&](const std::string& key, const auto& change) {
      said.emplace(key, change.path, change.value);
    });
  }
  return said;
}

void Oracle::check_acknowledged(Time at, const StoreView& core, const History::Details& details,
                                const std::vector<StoreView>& rest) {
  const auto told = core.told();
  const Said said = any_loss_ ? Said{} : said_in(details);
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
      const auto otherwise = answered_otherwise_.find(index);
      if (otherwise != answered_otherwise_.end() && found->second.size() == 1) {
        fail(at, "a retry gets the answer that was given", words_of(command) + otherwise->second);
      }
      if (!any_loss_) check_all_done(at, index, found->second, said);
    } else if (!unrecorded_.contains(request) && !excused && !reminted_) {
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

// Of each task that it changed: what was asked for and not written was so already, because nobody
// had said otherwise, or somebody the same.
void Oracle::check_all_done(Time at, std::size_t index, const std::vector<Detail>& details,
                            const Said& said) {
  const Command& command = plan_.commands[index];
  const std::string key = SlackWorkspace::document_key(command.channel);
  std::set<std::string, std::less<>> written;
  std::set<std::string> tasks;
  for (const Detail& detail : details) {
    for (const slack::incident::FieldChange& change : detail.changes) {
      written.insert(change.path);
      tasks.insert(std::string(kTaskPaths) + std::string(id_of(change.path)));
    }
  }
  const std::vector<FieldAsked> asked = effects_asked(command);
  for (const std::string& task : tasks) {
    for (const FieldAsked& field : asked) {
      const bool whole = field.path_end.starts_with(kTaskPaths);
      const std::string path = whole ? field.path_end : task + field.path_end;
      if (written.contains(path) || field.at_first || said.contains({key, path, field.value})) {
        continue;
      }
      fail(at, "a command does all that it says",
           words_of(command) + " did not write " + path + " = " + field.value);
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
        } else if (!unwritten_.contains({key, leaf.dot}) && !history.written(key, leaf.dot)) {
          fail(at, "every value was asked for", value_words(path, leaf.value, key));
        }
      }
    }
    for (const crdt::Dot& dot : history.standing(key)) {
      if (unshared_.contains({key, dot}) || live.contains(dot)) continue;
      fail(at, "no change is lost unless a later one saw it",
           "a value of process " + std::to_string(dot.replica.value) + " in " + key);
    }
  }
}

// A second handling of a request, elsewhere, does not hide a change that had seen the first.
void Oracle::check_shown(Time at, const StoreView& core, const Shown& shown, const History& history,
                         const History::Details& details) {
  for (const auto& [place, dot] : shown) {
    const auto& [key, path] = place;
    const auto author = history.writer(key, dot);
    if (!author) continue;
    const std::vector<crdt::Leaf>& leaves = core.documents.at(key).leaves.at(path);
    const auto seen = std::find_if(leaves.begin(), leaves.end(),
                                   [&at = dot](const crdt::Leaf& leaf) { return leaf.dot == at; });
    for (const crdt::Leaf& rival : leaves) {
      if (seen != leaves.end() && rival.value == seen->value) continue;  // They are one value.
      const auto found = details.find(rival.stamp.request);
      const bool once = found != details.end() && found->second.size() == 1;
      if (!once || !history.saw(key, rival.dot, *author)) continue;
      fail(at, "a late retry hides no change that saw the original",
           words_of(plan_.commands[*author]) + " is shown, not " + rival.value);
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

#include "slack/incident/tasks.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <tuple>
#include <utility>

#include "crdt/bytes.h"
#include "crdt/handled_set.h"
#include "crdt/mv_register.h"
#include "slack/ascii.h"

namespace slack::incident {
namespace {

constexpr std::string_view kFirst = "t/";
constexpr std::string_view kPastLast = "t0";  // '0' follows '/'.
constexpr std::string_view kCore = "/core";

std::string field_path(std::string_view id, std::string_view field) {
  std::string path;
  path.reserve(kFirst.size() + id.size() + 1 + field.size());
  return path.append(kFirst).append(id).append("/").append(field);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes what stands before the first space, and the space, off the front of `text`.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// How many peers handled the request, as far as the document still knows.
std::size_t times_handled(const crdt::Document& document, const crdt::RequestId& request) {
  return crdt::handled_marks(document, request).size();
}

// Whether `leaf` is what a second handling of its request left beside a later change. The first
// handling's leaf is gone, so somebody replaced it who had seen it.
bool is_echo(const crdt::Document& document, crdt::Document::Siblings siblings,
             const crdt::Leaf& leaf) {
  const auto same = [&](const crdt::Leaf& other) {
    return other.stamp.request == leaf.stamp.request;
  };
  const auto alive = std::count_if(siblings.begin(), siblings.end(), same);
  return static_cast<std::size_t>(alive) < times_handled(document, leaf.stamp.request);
}

Field read_field(const crdt::Document& document, std::string_view path,
                 crdt::Document::Siblings siblings) {
  Field field;
  if (siblings.empty()) return field;
  field.shown = &siblings.front();
  if (siblings.size() == 1) return field;
  const auto values = crdt::MvRegister(std::string(path)).values(document);
  // An echo is shown only where nothing else is: it may carry a later stamp than the change that
  // replaced its original, when Slack signed the retry anew.
  const auto own = std::find_if(values.begin(), values.end(), [&](const crdt::Leaf* leaf) {
    return !is_echo(document, siblings, *leaf);
  });
  field.shown = own == values.end() ? values.front() : *own;
  for (const crdt::Leaf* leaf : values) {
    // What a create wrote is no choice of anybody's against an edit.
    const bool created = leaf->rank == crdt::kLowestRank && field.shown->rank > leaf->rank;
    if (leaf == field.shown || created || is_echo(document, siblings, *leaf)) continue;
    field.rivals.push_back(leaf);
  }
  return field;
}

// Reads the cores into `task`; false where there is none.
bool read_cores(Task& task, crdt::Document::Siblings siblings) {
  if (siblings.size() == 1) {
    auto core = decode_core(siblings.front().value);
    if (core) task.core = std::move(*core);
    return core.has_value();
  }
  std::vector<Core> cores;
  for (const crdt::Leaf& leaf : siblings) {
    auto core = decode_core(leaf.value);
    if (core && std::find(cores.begin(), cores.end(), *core) == cores.end()) {
      cores.push_back(std::move(*core));
    }
  }
  if (cores.empty()) return false;
  std::sort(cores.begin(), cores.end(), [](const Core& a, const Core& b) {
    return std::tie(a.number, a.letter, a.created, a.author) <
           std::tie(b.number, b.letter, b.created, b.author);
  });
  task.core = std::move(cores.front());
  cores.erase(cores.begin());
  task.aliases = std::move(cores);
  return true;
}

// Reads the leaf at `path`, "t/<id>/<field>", into the task it belongs to.
void read_leaf(const crdt::Document& document, std::string_view path, std::string_view field,
               crdt::Document::Siblings siblings, Task& task, bool& exists) {
  constexpr std::string_view kWho = "who/";
  if (field == "core") {
    exists = read_cores(task, siblings);
  } else if (field == "text") {
    task.text = read_field(document, path, siblings);
  } else if (field == "status") {
    task.status = read_field(document, path, siblings);
  } else if (field.starts_with(kWho)) {
    task.people.push_back({field.substr(kWho.size()), read_field(document, path, siblings)});
  }
}

// Marks the tasks whose number another task has too, or that were made during a split.
void mark_lettered(std::vector<Task>& tasks) {
  using Entry = std::pair<std::uint32_t, std::size_t>;  // A number, and the task that has it.
  std::vector<Entry> numbers;
  numbers.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    numbers.emplace_back(tasks[i].core.number, i);
    for (const Core& alias : tasks[i].aliases) numbers.emplace_back(alias.number, i);
    tasks[i].lettered = tasks[i].core.split;
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
    if (numbers[i].first != numbers[i + 1].first) continue;
    for (const Entry& entry : {numbers[i], numbers[i + 1]}) {
      Task& task = tasks[entry.second];
      if (task.core.number == entry.first) task.lettered = true;
    }
  }
}

// The number that a core which decodes begins with; those that do not decode may give one, too.
std::optional<std::uint32_t> peek_number(std::string_view core) {
  std::uint32_t number = 0;
  const auto result = std::from_chars(core.data(), core.data() + core.size(), number);
  return result.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

// A task as it lies in the document: its leaves, "core" before all other fields.
struct Stored {
  std::string_view id;
  const crdt::Document::Group* leaves = nullptr;

  [[nodiscard]] crdt::Document::Siblings cores() const {
    const auto last = std::find_if(leaves->begin(), leaves->end(), [&](const crdt::Leaf& leaf) {
      return leaf.path != leaves->front().path;
    });
    return {leaves->begin(), last};
  }
};

// The tasks that have a core, in the order of ids.
std::vector<Stored> stored_tasks(const crdt::Document& document) {
  constexpr std::size_t kTasksExpected = 24;  // The most that an incident has.
  std::vector<Stored> tasks;
  tasks.reserve(kTasksExpected);
  const auto last = document.groups().lower_bound(kPastLast);
  for (auto group = document.groups().lower_bound(kFirst); group != last; ++group) {
    const auto& [name, leaves] = *group;
    const std::string& path = leaves.front().path;
    if (path.size() != name.size() + kCore.size() || !path.ends_with(kCore)) continue;
    tasks.push_back({std::string_view(name).substr(kFirst.size()), &leaves});
  }
  return tasks;
}

// False where its core does not decode.
bool read_task(const crdt::Document& document, const Stored& stored, Task& task) {
  bool exists = false;
  const crdt::Document::Group& leaves = *stored.leaves;
  const std::size_t prefix = kFirst.size() + stored.id.size() + 1;
  for (auto leaf = leaves.begin(); leaf != leaves.end();) {
    const std::string_view path = leaf->path;
    const auto next = std::find_if(leaf, leaves.end(),
                                   [&](const crdt::Leaf& other) { return other.path != path; });
    const std::string_view field = path.substr(std::min(prefix, path.size()));
    read_leaf(document, path, field, {leaf, next}, task, exists);
    leaf = next;
  }
  return exists;
}

std::uint32_t number_max(const Task& task) {
  std::uint32_t max = task.core.number;
  for (const Core& alias : task.aliases) max = std::max(max, alias.number);
  return max;
}

// The greatest number that was noted as minted.
std::uint32_t noted_max(const crdt::Document& document) {
  std::uint32_t max = 0;
  for (const crdt::Leaf& leaf : document.at(kNumberPath)) {
    const auto number = parse_number<std::uint32_t>(leaf.value).value_or(0);
    if (number <= kTaskNumberMax) max = std::max(max, number);
  }
  return max;
}

void sort_tasks(std::vector<Task>& tasks) {
  // A Task is large: each moves once.
  std::vector<Task*> order;
  order.reserve(tasks.size());
  for (Task& task : tasks) order.push_back(&task);
  std::sort(order.begin(), order.end(), [](const Task* a, const Task* b) {
    return std::tie(a->core.number, a->core.letter, a->id) <
           std::tie(b->core.number, b->core.letter, b->id);
  });
  std::vector<Task> sorted;
  sorted.reserve(tasks.size());
  for (Task* task : order) sorted.push_back(std::move(*task));
  tasks = std::move(sorted);
}

bool is_called(const Core& core, const TaskRef& ref) {
  return core.number == ref.number && (ref.letter == 0 || core.letter == ref.letter);
}

}  // namespace

std::string task_id(const crdt::RequestId& request, std::size_t index) {
  std::string id = crdt::to_hex(crdt::big_endian(request.high));
  if (index > 0) id += '-' + std::to_string(index);
  return id;
}

std::string core_path(std::string_view id) { return field_path(id, "core"); }
std::string text_path(std::string_view id) { return field_path(id, "text"); }
std::string status_path(std::string_view id) { return field_path(id, "status"); }
std::string who_path(std::string_view id, std::string_view user) {
  return field_path(id, "who/").append(user);
}

std::string encode(const Core& core) {
  std::string out = std::to_string(core.number);
  out.append(1, ' ').append(1, core.letter).append(core.split ? " 1 " : " 0 ");
  out += std::to_string(core.created.time_since_epoch().count());
  return out.append(1, ' ').append(core.author);
}

std::optional<Core> decode_core(std::string_view bytes) {
  const auto number = parse_number<std::uint32_t>(take_word(bytes));
  const std::string_view letter = take_word(bytes);
  const std::string_view split = take_word(bytes);
  const auto created = parse_number<std::int64_t>(take_word(bytes));
  const bool sound = number && *number <= kTaskNumberMax && letter.size() == 1 &&
                     is_lower(letter.front()) && (split == "0" || split == "1") && created;
  if (!sound) return std::nullopt;
  return Core{*number, letter.front(), split == "1",
              crdt::WallTime(crdt::WallClock::duration(*created)), std::string(bytes)};
}

std::string Task::label() const {
  std::string out = std::to_string(core.number);
  if (lettered) out += core.letter;
  return out;
}

std::string_view Task::status_name(const StatusSet& statuses) const {
  return status.value().empty() ? std::string_view(statuses.initial().name) : status.value();
}

bool Task::assigned(std::string_view user) const {
  return std::any_of(people.begin(), people.end(), [&](const Assignee& person) {
    return person.user == user && person.assigned();
  });
}

bool Task::in_conflict() const {
  return text.in_conflict() || status.in_conflict() ||
         std::any_of(people.begin(), people.end(),
                     [](const Assignee& person) { return person.field.in_conflict(); });
}

Assignee* Task::find_person(std::string_view user) {
  const auto found = std::find_if(people.begin(), people.end(),
                                  [&](const Assignee& person) { return person.user == user; });
  return found == people.end() ? nullptr : &*found;
}

std::vector<Task*> TaskList::find(const TaskRef& ref) {
  std::vector<Task*> found;
  for (Task& task : tasks) {
    const bool called = is_called(task.core, ref) ||
                        std::any_of(task.aliases.begin(), task.aliases.end(),
                                    [&](const Core& alias) { return is_called(alias, ref); });
    if (called) found.push_back(&task);
  }
  return found;
}

Field read_field(const crdt::Document& document, std::string_view path) {
  return read_field(document, path, document.at(path));
}

TaskList read_tasks(const crdt::Document& document) {
  TaskList list;
  list.number_max = noted_max(document);
  const std::vector<Stored> stored = stored_tasks(document);
  list.tasks.reserve(stored.size());
  for (const Stored& one : stored) {
    Task task{.id = one.id};
    if (!read_task(document, one, task)) continue;
    list.number_max = std::max(list.number_max, number_max(task));
    list.tasks.push_back(std::move(task));
  }
  sort_tasks(list.tasks);
  mark_lettered(list.tasks);
  return list;
}

TaskList read_tasks_called(const crdt::Document& document, std::span<const TaskRef> refs) {
  TaskList list;
  const auto asked = [&](const crdt::Leaf& core) {
    const auto number = peek_number(core.value);
    return std::any_of(refs.begin(), refs.end(),
                       [&](const TaskRef& ref) { return ref.number == number; });
  };
  for (const Stored& one : stored_tasks(document)) {
    const crdt::Document::Siblings cores = one.cores();
    if (std::none_of(cores.begin(), cores.end(), asked)) continue;
    Task task{.id = one.id};
    // One task that has this number and no other: what its label needs is in its own core.
    const bool plain = cores.size() == 1 && read_task(document, one, task) &&
                       std::none_of(list.tasks.begin(), list.tasks.end(), [&](const Task& other) {
                         return other.core.number == task.core.number;
                       });
    if (!plain) return read_tasks(document);
    task.lettered = task.core.split;
    list.tasks.push_back(std::move(task));
  }
  return list;
}

Minted read_minted(const crdt::Document& document, std::string_view id) {
  Minted minted{noted_max(document), false};
  for (const Stored& one : stored_tasks(document)) {
    Task task;
    if (!read_cores(task, one.cores())) continue;
    minted.number_max = std::max(minted.number_max, number_max(task));
    if (one.id == id) minted.exists = true;
  }
  return minted;
}

}  // namespace slack::incident

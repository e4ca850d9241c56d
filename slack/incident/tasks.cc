#include "slack/incident/tasks.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <tuple>
#include <utility>

#include "crdt/bytes.h"
#include "crdt/handled_set.h"
#include "crdt/mv_register.h"
#include "crdt/planted.h"
#include "slack/ascii.h"

namespace slack::incident {
namespace {

constexpr std::string_view kFirst = "t/";
constexpr std::string_view kPastLast = "t0";  // '0' follows '/'.
constexpr std::string_view kCore = "/core";
constexpr std::size_t kIdCharsMin =
    4;  // Shorter ones would often need one more with the next task.

std::string field_path(std::string_view id, std::string_view field) {
  std::string path;
  path.reserve(kFirst.size() + id.size() + 1 + field.size());
  return path.append(kFirst).append(id).append("/").append(field);
}

// Takes the number at the front of `text` off it.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// How many peers handled the request, as far as the document still knows.
std::size_t times_handled(const crdt::Document& document, const crdt::RequestId& request) {
  return crdt::handled_marks(document, request).size();
}

// Whether `leaf` is what a second handling of its request left beside a later change. The first
// handling's leaf is gone, so somebody replaced it who had seen it.
bool is_echo(const crdt::Document& document, crdt::Document::Siblings siblings,
             const crdt::Leaf& leaf) {
  if (crdt::planted(crdt::Bug::kEchoShown)) return false;
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
    const auto core = decode_core(siblings.front().value);
    if (core) task.core = *core;
    return core.has_value();
  }
  std::vector<Core> cores;
  for (const crdt::Leaf& leaf : siblings) {
    const auto core = decode_core(leaf.value);
    if (core && std::find(cores.begin(), cores.end(), *core) == cores.end()) cores.push_back(*core);
  }
  if (cores.empty()) return false;
  std::sort(cores.begin(), cores.end());
  task.core = cores.front();
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

bool is_called(const Task& task, const TaskRef& ref) {
  const auto called = [&](const Core& core) {
    return core.number == ref.number && (ref.letter == 0 || core.letter == ref.letter);
  };
  return task.id.starts_with(ref.id) &&
         (called(task.core) || std::any_of(task.aliases.begin(), task.aliases.end(), called));
}

std::size_t common_chars(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

// Gives the tasks whose number and letter mean another task, too, as much of their id as tells them
// apart. Of few: a number is shared by those who were split.
void mark_ids(std::vector<Task>& tasks) {
  for (Task& task : tasks) {
    if (!task.lettered) continue;
    for (const Task& other : tasks) {
      if (&other == &task || !is_called(other, {task.core.number, task.core.letter, {}})) continue;
      const std::size_t needed = common_chars(task.id, other.id) + 1;
      task.id_chars = std::max({task.id_chars, kIdCharsMin, std::min(needed, task.id.size())});
    }
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
  mark_ids(tasks);
}

// A task as it lies in the document: its leaves, "core" before all other fields.
struct Stored {
  std::string_view id;
  const crdt::Document::Group* leaves = nullptr;

  // Empty where it has none.
  [[nodiscard]] crdt::Document::Siblings cores() const {
    const auto other = std::find_if_not(leaves->begin(), leaves->end(), [&](const auto& leaf) {
      return may_be_core(leaf) && leaf.path.ends_with(kCore);
    });
    return {leaves->begin(), other};
  }

 private:
  [[nodiscard]] bool may_be_core(const crdt::Leaf& leaf) const {
    return leaf.path.size() == kFirst.size() + id.size() + kCore.size();
  }
};

bool is_task(std::string_view group) { return group.starts_with(kFirst); }

Stored stored_in(const crdt::Document::Groups::value_type& group) {
  return {std::string_view(group.first).substr(kFirst.size()), &group.second};
}

// Calls `visit` for every task in the order of ids, whether it has a core or not. Nearly all groups
// of a document are tasks, so their first and last are found from its ends: a search would read
// names all over it.
template <class Visit>
void for_each_stored(const crdt::Document& document, Visit visit) {
  const crdt::Document::Groups& groups = document.groups();
  auto first = groups.begin();
  auto last = groups.end();
  const auto name = [](auto group) { return std::string_view(group->first); };
  while (first != last && name(first) < kFirst) ++first;
  while (first != last && name(std::prev(last)) >= kPastLast) --last;
  for (; first != last; ++first) visit(stored_in(*first));
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
    std::string_view text = leaf.value;
    const auto number = take_number<std::uint32_t>(text).value_or(0);
    if (text.empty() && number <= kTaskNumberMax) max = std::max(max, number);
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
  out.append(1, core.letter).append(core.split ? "! " : " ");
  return out += std::to_string(core.created.count());
}

std::optional<Core> decode_core(std::string_view bytes) {
  constexpr std::int64_t kSecondsMax = 999'999'999'999;  // As slack/signature.h.
  Core core;
  const auto number = take_number<std::uint32_t>(bytes);
  if (!number || *number > kTaskNumberMax || bytes.empty() || !is_lower(bytes.front())) {
    return std::nullopt;
  }
  core.number = *number;
  core.letter = bytes.front();
  bytes.remove_prefix(1);
  core.split = take_char(bytes, '!');
  if (!take_char(bytes, ' ')) return std::nullopt;
  const auto created = take_number<std::int64_t>(bytes);
  if (!created || *created < 0 || *created > kSecondsMax || !bytes.empty()) return std::nullopt;
  core.created = std::chrono::seconds(*created);
  return core;
}

std::string Task::label() const {
  std::string out = std::to_string(core.number);
  if (lettered) out += core.letter;
  if (id_chars > 0) out.append("-").append(id.substr(0, id_chars));
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
    if (is_called(task, ref)) found.push_back(&task);
  }
  return found;
}

Field read_field(const crdt::Document& document, std::string_view path) {
  return read_field(document, path, document.at(path));
}

TaskList read_tasks(const crdt::Document& document) {
  constexpr std::size_t kTasksExpected = 24;  // The most that an incident has.
  TaskList list;
  list.number_max = noted_max(document);
  list.tasks.reserve(kTasksExpected);
  for_each_stored(document, [&](const Stored& stored) {
    Task task{.id = stored.id};
    if (!read_task(document, stored, task)) return;
    list.number_max = std::max(list.number_max, number_max(task));
    list.tasks.push_back(std::move(task));
  });
  sort_tasks(list.tasks);
  mark_lettered(list.tasks);
  return list;
}

TaskList read_tasks_called(const crdt::Document& document, std::span<const TaskRef> refs) {
  std::vector<crdt::Document::Groups::const_iterator> called;
  for (const crdt::Document::Core& core : document.cores()) {
    std::string_view value = core.value;
    const auto number = take_number<std::uint32_t>(value);
    const auto names = [&](const TaskRef& ref) { return ref.number == number; };
    if (std::any_of(refs.begin(), refs.end(), names) && is_task(core.group->first)) {
      called.push_back(core.group);
    }
  }
  std::sort(called.begin(), called.end(),
            [](const auto& a, const auto& b) { return a->first < b->first; });
  TaskList list;
  for (const auto& group : called) {
    const Stored stored = stored_in(*group);
    Task& task = list.tasks.emplace_back(Task{.id = stored.id});
    // One task that has this number and no other: what its label needs is in its own core.
    const bool plain = stored.cores().size() == 1 && read_task(document, stored, task) &&
                       std::none_of(list.tasks.begin(), list.tasks.end(), [&](const Task& other) {
                         return &other != &task && other.core.number == task.core.number;
                       });
    if (!plain) return read_tasks(document);
    task.lettered = task.core.split;
  }
  return list;
}

Minted read_minted(const crdt::Document& document, std::string_view id) {
  Minted minted{noted_max(document), false};
  for (const crdt::Document::Core& stored : document.cores()) {
    const auto core = decode_core(stored.value);
    if (!core || !is_task(stored.group->first)) continue;
    minted.number_max = std::max(minted.number_max, core->number);
    if (stored_in(*stored.group).id == id) minted.exists = true;
  }
  return minted;
}

}  // namespace slack::incident

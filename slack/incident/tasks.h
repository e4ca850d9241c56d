// Tasks: how the tasks of one channel lie in its document, and how people see them.
//
// Shape    n                    the greatest task number ever minted here; never purged.
//          t/<id>/core          the task exists while this is live: number, letter, when (Core);
//                               who made it is in the leaf's stamp.
//          t/<id>/text          register: what is to be done.
//          t/<id>/status        register: a stored status name; absent means the default.
//          t/<id>/who/<user>    register for each user: "1" assigned, "0" taken off.
//          <id> is derived from the request that made the task, so a retry makes the same task.
//          Assignees are registers, not an add-wins set, because a retry on a peer that saw neither
//          the original nor somebody's later "-@user" would add anew, and add-wins would bring the
//          user back. A register keeps the time, and the later change stands.
// Laws     a task without a live core is invisible: no half tasks. A number that a person has seen
//          never comes to mean another task: where two tasks share it, both are shown with their
//          letter and the bare number is a question; where they share the letter, too, because two
//          peers had one, with the beginning of their ids. A request handled on two peers can
//          leave one task with two numbers: both keep meaning it, the smaller is shown.
//          tests/slack/incident/tasks_test.cc, convergence_test.cc.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/request_id.h"
#include "slack/incident/command.h"
#include "slack/incident/status_set.h"

namespace slack::incident {

// --- paths ---

inline constexpr std::string_view kNumberPath = "n";
inline constexpr std::string_view kAssigned = "1";
inline constexpr std::string_view kTakenOff = "0";

// The id of the `index`th task that `request` creates: 16 hex digits, "-<index>" from the second
// on.
[[nodiscard]] std::string task_id(const crdt::RequestId& request, std::size_t index = 0);

[[nodiscard]] std::string core_path(std::string_view id);
[[nodiscard]] std::string text_path(std::string_view id);
[[nodiscard]] std::string status_path(std::string_view id);
[[nodiscard]] std::string who_path(std::string_view id, std::string_view user);

// --- core ---

struct Core {
  std::uint32_t number = 0;
  char letter = 0;     // Of the peer that minted the number; 'a' to 'z'.
  bool split = false;  // Minted while a rostered peer was out of reach: show the letter always.
  std::chrono::seconds created{0};  // As Slack signed the request: since the Unix epoch.

  auto operator<=>(const Core&) const = default;
};

// As text, so that records can show it: "7b 1531420618", and "7b! 1531420618" where split. A
// std::string holds that in place, so the walk over all tasks for one number follows no pointer.
[[nodiscard]] std::string encode(const Core& core);
[[nodiscard]] std::optional<Core> decode_core(std::string_view bytes);

// --- view ---

// One register as people see it. Pointers live until the document changes.
struct Field {
  const crdt::Leaf* shown = nullptr;      // Nobody wrote it: nullptr.
  std::vector<const crdt::Leaf*> rivals;  // Other values whose authors did not see the shown one.

  [[nodiscard]] std::string_view value() const {
    return shown == nullptr ? std::string_view{} : std::string_view(shown->value);
  }
  [[nodiscard]] bool in_conflict() const { return !rivals.empty(); }
};

struct Assignee {
  std::string_view user;
  Field field;

  [[nodiscard]] bool assigned() const { return field.value() == kAssigned; }
};

struct Task {
  std::string_view id;
  Core core;                  // The smallest number it has.
  std::vector<Core> aliases;  // Further numbers, from retries that two peers handled.
  bool lettered = false;      // The label needs its letter,
  std::size_t id_chars = 0;  // and so much of the id, because number and letter are another's, too.
  Field text;
  Field status;
  std::vector<Assignee> people;  // Those taken off included.

  // "7", "7a", "7a-3f2a".
  [[nodiscard]] std::string label() const;
  // The stored status name, or the set's default.
  [[nodiscard]] std::string_view status_name(const StatusSet& statuses) const;
  [[nodiscard]] bool assigned(std::string_view user) const;
  [[nodiscard]] bool in_conflict() const;
  [[nodiscard]] Assignee* find_person(std::string_view user);
};

struct TaskList {
  std::vector<Task> tasks;       // By number, letter, id.
  std::uint32_t number_max = 0;  // The greatest number ever minted.

  // Those that `ref` can mean: none, one, or several that share the number.
  [[nodiscard]] std::vector<Task*> find(const TaskRef& ref);
};

// Reads every task that exists. Leaves that no Muster wrote are skipped, never trusted.
[[nodiscard]] TaskList read_tasks(const crdt::Document& document);

// Only the tasks that `refs` can mean; labels are those of the whole list. number_max stays 0.
[[nodiscard]] TaskList read_tasks_called(const crdt::Document& document,
                                         std::span<const TaskRef> refs);

struct Minted {
  std::uint32_t number_max = 0;  // The greatest number ever minted.
  bool exists = false;           // The task that was asked for.
};

// What an add has to know, without reading more than cores.
[[nodiscard]] Minted read_minted(const crdt::Document& document, std::string_view id);

// The register at `path`. A rival whose request was handled on several peers, while one of its
// leaves was already replaced by somebody who saw it, is no rival.
[[nodiscard]] Field read_field(const crdt::Document& document, std::string_view path);

}  // namespace slack::incident

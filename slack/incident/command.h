// Command: what somebody asked for with `/ir`, once its words are understood.
//
// Shape    one struct for each form of the grammar, and Ask for what is not clear enough to act on.
//          Statuses are stored names; users are keys:
//            "U1..", "W1.."  a person            "S1.."  a user group
//            "@name"         a name that Slack did not turn into a mention: nobody, unless it is
//                            the author's own or the task has it since long
//            "me"            whoever asks, typed as "me" or "@me"
//          Texts are plain text (slack/mrkdwn.h).
// Laws     parse(to_text(command)) == command for every command that parse makes of what Slack
//          writes, Ask apart: tests/slack/incident/grammar_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace slack::incident {

// Slack's own limit for one section of text. A task is a line, not an essay.
inline constexpr std::size_t kTextCharsMax = 3000;
// Nine digits cannot overflow, and no channel gets there.
inline constexpr std::uint32_t kTaskNumberMax = 999'999'999;
inline constexpr std::size_t kRefsMax = 20;   // An incident has 12 to 24 tasks.
inline constexpr std::size_t kUsersMax = 20;  // More belong into a user group.

inline constexpr std::string_view kMe = "me";

// "3", "7b" or "7b-3f2a". The letter is lower case; 0 where none was given. Behind the dash stands
// how the task's id begins, for tasks of one number that two peers of one letter made.
struct TaskRef {
  std::uint32_t number = 0;
  char letter = 0;
  std::string id;

  auto operator<=>(const TaskRef&) const = default;
};

// The unfinished tasks.
struct Board {
  bool operator==(const Board&) const = default;
};

struct Add {
  std::string text;
  std::vector<std::string> users;
  std::optional<std::string> status;

  bool operator==(const Add&) const = default;
};

struct Update {
  TaskRef task;
  std::optional<std::string> text;
  std::vector<std::string> assign;
  std::vector<std::string> unassign;
  std::optional<std::string> status;

  bool operator==(const Update&) const = default;
};

enum class Scope { kUnfinished, kAll, kFinished, kMine };

struct List {
  Scope scope = Scope::kUnfinished;
  std::vector<std::string> users;
  std::vector<std::string> statuses;

  bool operator==(const List&) const = default;
};

// `close` is `done`.
enum class FinishVerb { kDone, kReopen, kCancel, kTake, kDrop };

struct Finish {
  FinishVerb verb = FinishVerb::kDone;
  std::vector<TaskRef> tasks;

  bool operator==(const Finish&) const = default;
};

struct Help {
  std::string topic;  // A verb, or empty.

  bool operator==(const Help&) const = default;
};

// Why Muster asks instead of acting.
enum class Doubt {
  kNoText,
  kNoReference,
  kNoChange,  // A task number and nothing else.
  kTooLong,
  kTooMany,
  kUnknownStatus,
  kAmbiguousStatus,
  kMisplacedStatus,  // In the middle of a text.
  kTwoStatuses,
  kNumberThenProse,
  kNoTaskNumber,  // A number that no task can have.
  kMeInProse,     // "call me": a text, or a task for oneself?
  kVerbThenProse,
  kTypo,
  kUnknownUser,  // A name that Slack did not make a mention of.
  kUnknownVerb,
  kContradiction,  // The same user given and taken.
  kUnknownTask,
  kAmbiguousTask,
};

struct Ask {
  Doubt doubt = Doubt::kNoText;
  std::string message;                   // Plain text, one or two sentences.
  std::vector<std::string> suggestions;  // What to type behind the command's name, plain text.
  std::optional<TaskRef> task = {};      // That they are about: without it they would fail.

  bool operator==(const Ask&) const = default;
};

using Command = std::variant<Board, Add, Update, List, Finish, Help, Ask>;

[[nodiscard]] std::string_view name_of(FinishVerb verb);
[[nodiscard]] std::string to_text(const TaskRef& task);

// The verb that timeline records and metrics use, such as "add" or "reopen".
[[nodiscard]] std::string_view verb_of(const Command& command);

// What one types behind the command's name to get `command`, on the wire. An Ask gives nothing.
[[nodiscard]] std::string to_text(const Command& command);

}  // namespace slack::incident

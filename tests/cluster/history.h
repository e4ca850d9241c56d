// History: who typed what, when, to which peer, and which answer came: all that a run's verdict is
// drawn from.
//
// Shape    commands and their attempts in the order of typing; notes (what broke, what healed)
//          beside them. Every command that changes something leaves a mark that no other leaves, so
//          that a list shows whether it stands.
// Units    microseconds since the history began, on this process's steady clock.
// Thread   any; commands() and text() once nobody types any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

using Moment = std::chrono::microseconds;

struct Attempt {
  int peer = 0;
  Moment sent{};
  std::optional<Moment> heard;  // Absent: nobody knows whether it was done, or will be.
  std::string answer;           // As text; why there is none, if there is none.
  bool acknowledged = false;
};

struct TypedCommand {
  enum class Kind { kAdd, kAssign, kReword, kList };

  Kind kind = Kind::kList;
  std::string room;  // The channel.
  std::string user;
  std::string text;  // Behind "/ir".
  std::string job;   // What the task is called, from beginning to end; empty for a list.
  std::string mark;  // What shows once it is done: the job's name, an assignee, a wording.
  std::vector<Attempt> attempts;

  [[nodiscard]] bool acknowledged() const;
  [[nodiscard]] Moment first_sent() const { return attempts.front().sent; }

  // When it was done at the latest; absent while an attempt is without an answer.
  [[nodiscard]] std::optional<Moment> done_by() const;
};

// One task as a list shows it, with every value of it that the list shows.
struct ShownTask {
  std::string label;  // "3" or "3b"
  std::string text;

  [[nodiscard]] bool shows(std::string_view mark) const;
  bool operator==(const ShownTask&) const = default;
};

// The tasks of an answer, lines in conflict with those that they belong to.
[[nodiscard]] std::vector<ShownTask> tasks_in(std::string_view answer);

// What every peer shows at the end: by peer, by room.
using FinalLists = std::map<int, std::map<std::string, std::string>>;

class History {
 public:
  using Handle = std::size_t;

  Handle typed(TypedCommand command);
  std::size_t sent(Handle command, int peer);  // The number of the attempt.
  // Judges the answer too; nothing of it where `answer` is absent.
  bool heard(Handle command, std::size_t attempt, const std::optional<std::string>& answer,
             const std::string& failure);
  // Whom a balancer gave the attempt to, as its answer says.
  void met(Handle command, std::size_t attempt, int peer);
  void note(const std::string& what);

  [[nodiscard]] Moment now() const;
  [[nodiscard]] TypedCommand command(Handle command) const;
  [[nodiscard]] const std::vector<TypedCommand>& commands() const { return commands_; }

  // What was said about a task (by its name or a mark of it) or a room, the lists of the room, and
  // what was done meanwhile: a line each. All, where `about` is empty.
  [[nodiscard]] std::string text(std::string_view about) const;

 private:
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<TypedCommand> commands_;
  std::vector<std::pair<Moment, std::string>> notes_;
};

// One sentence for each promise that was broken; each begins with the promise's name and a colon:
//   lost          an acknowledged change is not there, and nothing that could have seen it is
//   twice         a task is there more than once
//   strayed       a value stands on a task that it was not meant for
//   came back     a wording stands although an acknowledged one has replaced it
//   forgotten     a peer does not show what it acknowledged, or showed, before
//   unequal       two peers show different things at the end
[[nodiscard]] std::vector<std::string> broken_promises(const std::vector<TypedCommand>& commands,
                                                       const FinalLists& at_the_end);

}  // namespace tests

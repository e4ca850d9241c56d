// The promises of tests/cluster/history.h, held against what peers answered and show at the end.
//
// What could have seen what is judged by time alone, and in the peers' favour: a wording may have
// replaced another only if it was done after the other was first sent. So every complaint is a
// broken promise; not every broken promise is found.
#include <algorithm>
#include <set>

#include "tests/cluster/history.h"

namespace tests {
namespace {

using Kind = TypedCommand::Kind;

// What one peer shows of one room at one time.
struct View {
  std::string where;  // "at the end on peer 2"
  int peer = 0;
  std::optional<Moment> asked;  // Absent: at the end.
  Moment answered{};
  std::vector<ShownTask> tasks;
};

// All that was typed about one task.
struct Job {
  std::string name;
  const TypedCommand* add = nullptr;
  std::vector<const TypedCommand*> assigns;
  std::vector<const TypedCommand*> rewordings;
};

bool done_once(const TypedCommand& command) {
  return command.attempts.size() == 1 && command.attempts.front().acknowledged;
}

// Whether `later` was made, once, at a peer that had acknowledged `earlier`, once, before.
bool surely_saw(const TypedCommand& later, const TypedCommand& earlier) {
  if (!done_once(later) || !done_once(earlier)) return false;
  const Attempt& first = earlier.attempts.front();
  return first.peer == later.attempts.front().peer && *first.heard < later.attempts.front().sent;
}

// Whether the view must show what this command did, had nothing replaced it.
bool must_show(const View& view, const TypedCommand& command) {
  if (!view.asked) return command.acknowledged();
  return std::any_of(command.attempts.begin(), command.attempts.end(), [&](const Attempt& attempt) {
    return attempt.acknowledged && attempt.peer == view.peer && *attempt.heard < *view.asked;
  });
}

class Checker {
 public:
  Checker(const std::vector<TypedCommand>& commands, const FinalLists& at_the_end)
      : commands_(commands), at_the_end_(at_the_end) {}

  std::vector<std::string> run() {
    collect();
    for (const auto& [room, jobs] : jobs_) {
      for (const View& view : views_[room]) {
        for (const auto& [name, job] : jobs) check(view, job);
      }
      forgetting(room);
    }
    equality();
    return {complaints_.begin(), complaints_.end()};
  }

 private:
  void collect() {
    for (const TypedCommand& command : commands_) {
      if (command.attempts.empty()) continue;
      if (command.kind == Kind::kList) {
        collect_list(command);
        continue;
      }
      Job& job = jobs_[command.room][command.job];
      job.name = command.job;
      if (command.kind == Kind::kAdd) job.add = &command;
      if (command.kind == Kind::kAssign) job.assigns.push_back(&command);
      if (command.kind == Kind::kReword) job.rewordings.push_back(&command);
    }
    for (const auto& [peer, rooms] : at_the_end_) {
      for (const auto& [room, list] : rooms) {
        views_[room].push_back(
            {"at the end on peer " + std::to_string(peer), peer, std::nullopt, {}, tasks_in(list)});
      }
    }
  }

  void collect_list(const TypedCommand& command) {
    for (const Attempt& attempt : command.attempts) {
      if (!attempt.acknowledged) continue;
      const std::string where = "at " + std::to_string(attempt.sent.count() / 1000) +
                                " ms on peer " + std::to_string(attempt.peer);
      views_[command.room].push_back(
          {where, attempt.peer, attempt.sent, *attempt.heard, tasks_in(attempt.answer)});
    }
  }

  void complain(const char* promise, const std::string& what, const std::string& where) {
    complaints_.insert(std::string(promise) + ": " + what + ", " + where);
  }

  static const char* loss_of(const View& view) { return view.asked ? "forgotten" : "lost"; }

  void check(const View& view, const Job& job) {
    const auto shows = [&](const ShownTask& task) { return task.shows(job.name); };
    const auto count = std::count_if(view.tasks.begin(), view.tasks.end(), shows);
    if (count > 1) complain("twice", job.name, view.where);
    if (count == 0) {
      if (must_show(view, *job.add)) complain(loss_of(view), job.name, view.where);
      return;
    }
    const ShownTask& task = *std::find_if(view.tasks.begin(), view.tasks.end(), shows);
    for (const TypedCommand* assign : job.assigns) {
      if (!must_show(view, *assign) || task.shows(assign->mark)) continue;
      complain(loss_of(view), job.name + " " + assign->mark, view.where);
    }
    check_wordings(view, job, task);
    check_strays(view, job);
  }

  void check_wordings(const View& view, const Job& job, const ShownTask& task) {
    std::vector<const TypedCommand*> shown;
    for (const TypedCommand* wording : job.rewordings) {
      if (task.shows(wording->mark)) shown.push_back(wording);
    }
    for (const TypedCommand* wording : job.rewordings) {
      if (!must_show(view, *wording) || task.shows(wording->mark)) continue;
      const bool replaced = std::any_of(shown.begin(), shown.end(), [&](const TypedCommand* other) {
        return !other->done_by() || *other->done_by() > wording->first_sent();
      });
      if (!replaced) complain(loss_of(view), job.name + " " + wording->mark, view.where);
    }
    for (const TypedCommand* later : job.rewordings) {
      if (!must_show(view, *later)) continue;
      for (const TypedCommand* earlier : shown) {
        if (!surely_saw(*later, *earlier)) continue;
        complain("came back", job.name + " " + earlier->mark + " after " + later->mark, view.where);
      }
    }
  }

  // A wording carries its job's name, so a stray one is a second task of that name; an assignee
  // does not.
  void check_strays(const View& view, const Job& job) {
    for (const ShownTask& task : view.tasks) {
      if (task.shows(job.name)) continue;
      for (const TypedCommand* assign : job.assigns) {
        if (task.shows(assign->mark))
          complain("strayed", assign->mark + " of " + job.name, view.where);
      }
    }
  }

  // What a peer has shown, it shows again: names and assignees, which nobody takes back. Each view
  // is held against the first that was asked for after it was answered.
  void forgetting(const std::string& room) {
    for (const View& earlier : views_[room]) {
      const View* next = nullptr;
      for (const View& later : views_[room]) {
        if (!earlier.asked || later.peer != earlier.peer) continue;
        if (later.asked && *later.asked <= earlier.answered) continue;
        const bool sooner =
            next == nullptr || (later.asked && next->asked.value_or(Moment::max()) > *later.asked);
        if (sooner) next = &later;
      }
      if (next == nullptr) continue;
      for (const auto& [name, job] : jobs_[room]) compare(earlier, *next, job);
    }
  }

  void compare(const View& earlier, const View& later, const Job& job) {
    std::vector<std::string> marks = {job.name};
    for (const TypedCommand* assign : job.assigns) marks.push_back(assign->mark);
    for (const std::string& mark : marks) {
      const auto shows = [&](const ShownTask& task) { return task.shows(mark); };
      if (std::none_of(earlier.tasks.begin(), earlier.tasks.end(), shows)) continue;
      if (std::any_of(later.tasks.begin(), later.tasks.end(), shows)) continue;
      complain("forgotten", mark + " shown " + earlier.where, later.where);
    }
  }

  void equality() {
    if (at_the_end_.empty()) return;
    const auto& [first, rooms] = *at_the_end_.begin();
    for (const auto& [peer, others] : at_the_end_) {
      for (const auto& [room, list] : others) {
        const auto found = rooms.find(room);
        if (found != rooms.end() && tasks_in(found->second) == tasks_in(list)) continue;
        complain("unequal", room,
                 "peers " + std::to_string(first) + " and " + std::to_string(peer));
      }
    }
  }

  const std::vector<TypedCommand>& commands_;
  const FinalLists& at_the_end_;
  std::map<std::string, std::map<std::string, Job>> jobs_;  // By room, by name.
  std::map<std::string, std::vector<View>> views_;          // By room.
  std::set<std::string> complaints_;
};

}  // namespace

std::vector<std::string> broken_promises(const std::vector<TypedCommand>& commands,
                                         const FinalLists& at_the_end) {
  return Checker(commands, at_the_end).run();
}

}  // namespace tests

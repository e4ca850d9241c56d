#include "slack/incident/decide.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "crdt/check.h"
#include "crdt/handled_set.h"
#include "crdt/planted.h"
#include "slack/ascii.h"
#include "slack/field_write.h"
#include "slack/incident/doubts.h"
#include "slack/mrkdwn.h"

namespace slack::incident {
namespace {

// Lists each task that `ref` could mean, with enough of its text to tell them apart.
Ask ambiguous(const TaskRef& ref, const std::vector<Task*>& found) {
  constexpr std::size_t kTextCharsShown = 40;
  Ask ask{Doubt::kAmbiguousTask,
          std::to_string(found.size()) + " tasks are numbered " + to_text(ref) + ": ",
          {}};
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::string text;
    append_escaped_cut(text, found[i]->text.value(), kTextCharsShown);
    ask.message += (i == 0 ? "" : ", ") + found[i]->label() + " “" + unescape(text) + "”";
    ask.suggestions.push_back(found[i]->label() + " !done");
  }
  ask.message += ". Which one?";
  return ask;
}

Ask unknown_task(const TaskRef& ref) {
  return {
      Doubt::kUnknownTask, "There is no task #" + to_text(ref) + " in this channel.", {"list all"}};
}

class Decider {
 public:
  Decider(const crdt::Document& document, const Context& context, const StatusSet& statuses,
          crdt::Edit& edit)
      : document_(document), context_(context), statuses_(statuses), edit_(edit) {}

  Decision decide(const Command& command) {
    std::visit([&](const auto& form) { run(form); }, command);
    out_.changed = !edit_.empty();
    if (out_.changed) {
      crdt::add_handled(edit_, crdt::big_endian(context_.event));
      crdt::expire_handled(edit_, crdt::Rank{context_.now.time_since_epoch().count()});
    }
    return std::move(out_);
  }

 private:
  // --- forms that change nothing ---

  void run(const Board&) {
    out_.reply = ReplyKind::kBoard;
    // A finished task whose status is contested may not be finished: it needs an eye.
    show([&](const Task& task) { return !finished(task) || task.status.in_conflict(); });
  }

  void run(const List& list) {
    out_.reply = ReplyKind::kList;
    show([&](const Task& task) {
      return in_scope(task, list) && has_user(task, list) && has_status(task, list);
    });
    const std::string* name = stranger(list.users);
    if (name != nullptr && out_.tasks.empty()) doubt(doubts::unknown_user(*name, "", ""));
  }

  void run(const Help& help) {
    out_.reply = ReplyKind::kHelp;
    out_.topic = help.topic;
  }

  void run(const Ask& ask) {
    if (ask.task) list_ = read_tasks_called(document_, {&*ask.task, 1});
    const bool exists = !ask.task || !list_.find(*ask.task).empty();
    doubt(exists ? ask : unknown_task(*ask.task));
  }

  // --- forms that write ---

  void run(const Add& add) {
    out_.reply = ReplyKind::kAdded;
    const bool by_peer = crdt::planted(crdt::Bug::kTaskIdFromPeer);
    const std::string id = task_id(edit_.stamp().request, by_peer ? context_.letter : 0);
    const Minted minted = read_minted(document_, id);
    if (minted.exists) return already_added(id);
    // Covered once and purged since, or its core is on the way here: the same task, not a second
    // one.
    if (retried()) return notice_retry("");
    if (const std::string* name = stranger(add.users)) {
      const bool alone = add.users.size() == 1;  // Else what is suggested would lose the others.
      const std::string rest = add.status ? " !" + *add.status : "";
      return doubt(doubts::unknown_user(*name, alone ? add.text : "", rest));
    }
    if (minted.number_max >= kTaskNumberMax) {
      return doubt({Doubt::kTooMany, "This channel has no task numbers left.", {}});
    }
    const char letter = crdt::planted(crdt::Bug::kLetterOfNobody) ? 'a' : context_.letter;
    const Core core{minted.number_max + 1, letter, context_.split,
                    std::chrono::floor<std::chrono::seconds>(context_.asked_at.time_since_epoch())};
    create(kNumberPath, std::to_string(core.number));
    create(core_path(id), encode(core));
    create(text_path(id), add.text);
    if (add.status && *add.status != statuses_.initial().name) {
      create(status_path(id), *add.status);
    }
    std::vector<std::string_view> users;
    for (const std::string& user : add.users) {
      const std::string_view key = user_key(user);
      // "me" and one's own mention are one user.
      if (std::find(users.begin(), users.end(), key) != users.end()) continue;
      create(who_path(id, key), std::string(kAssigned));
      users.push_back(key);
    }
    show_created(core, id, users);
  }

  void run(const Update& update) {
    out_.reply = ReplyKind::kChanged;
    list_ = read_tasks_called(document_, {&update.task, 1});
    Task* task = resolve(update.task);
    if (task == nullptr) return;
    if (retried()) return already_done(*task);
    const std::string* name = stranger(update.assign);
    if (name == nullptr) name = stranger(update.unassign, task);
    if (name != nullptr) return doubt(doubts::unknown_user(*name, "", ""));
    if (update.text) set_text(*task, *update.text);
    if (update.status) set_status(*task, *update.status);
    for (const std::string& user : update.assign) set_person(*task, user_key(user), kAssigned);
    for (const std::string& user : update.unassign) take_off(*task, user);
    out_.tasks.push_back(std::move(*task));
  }

  void run(const Finish& finish) {
    out_.reply = ReplyKind::kChanged;
    list_ = read_tasks_called(document_, finish.tasks);
    std::vector<Task*> tasks;
    for (const TaskRef& ref : finish.tasks) {
      Task* task = resolve(ref);
      if (task == nullptr) return;
      if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    }
    const bool again = retried();
    for (Task* task : tasks) {
      if (again) {
        already_done(*task);
        continue;
      }
      apply(finish.verb, *task);
      out_.tasks.push_back(std::move(*task));
    }
  }

  void apply(FinishVerb verb, Task& task) {
    switch (verb) {
      case FinishVerb::kDone:
        return set_status(task, kDone);
      case FinishVerb::kCancel:
        return set_status(task, kCanceled);
      case FinishVerb::kReopen:
        if (finished(task) || task.status.in_conflict()) {
          return set_status(task, statuses_.initial().name);
        }
        return note(task, {.kind = Notice::Kind::kNotFinished, .subject = Subject::kStatus});
      case FinishVerb::kTake:
        return set_person(task, user_key(kMe), kAssigned);
      case FinishVerb::kDrop:
        return take_off(task, kMe);
    }
    CHECK(false);
  }

  // --- fields ---

  void set_text(Task& task, std::string_view text) {
    set(task, task.text, text_path(task.id), text, "", {.subject = Subject::kText});
  }

  void set_status(Task& task, std::string_view status) {
    set(task, task.status, status_path(task.id), status, statuses_.initial().name,
        {.subject = Subject::kStatus});
  }

  void set_person(Task& task, std::string_view user, std::string_view value) {
    Assignee* person = task.find_person(user);
    const Notice about{.subject = Subject::kAssignee, .user = user};
    const std::string path = who_path(task.id, user);
    if (person != nullptr) return set(task, person->field, path, value, kTakenOff, about);
    Field field;
    set(task, field, path, value, kTakenOff, about);
    if (field.shown == nullptr) return;
    const std::string_view stored = field.shown->path;
    task.people.push_back({stored.substr(stored.size() - user.size()), field});
  }

  // A user may have been assigned as a mention or as a raw "@name": whichever it was ends.
  void take_off(Task& task, std::string_view user) {
    const std::string_view key = user_key(user);
    const auto named = std::find_if(
        task.people.begin(), task.people.end(),
        [&](const auto& person) { return is_my_name(person.user) && person.assigned(); });
    const bool by_name = is_me(user) && !task.assigned(key) && named != task.people.end();
    set_person(task, by_name ? named->user : key, kTakenOff);
  }

  // Writes one field and notes what its author should learn. `about` names the field.
  void set(Task& task, Field& field, const std::string& path, std::string_view value,
           std::string_view initial, Notice about) {
    const Field before = field;
    const Written written =
        write_field(edit_, path, std::string(value), initial, before.in_conflict(), context_.now);
    about.yours = value;
    if (written == Written::kSame) {
      about.kind = Notice::Kind::kAlready;
      return note(task, std::move(about));
    }
    if (written == Written::kWritten) field = Field{edit_.written(path), {}};
    if (before.shown == nullptr) return;
    about.theirs = before.shown->value;
    about.their_author = before.shown->stamp.author;
    const auto asked = second_of(edit_.time());
    const auto theirs = second_of(before.shown->rank);
    about.apart = std::chrono::abs(asked - theirs);
    if (written == Written::kKeptNewer) {
      about.kind = Notice::Kind::kKeptNewer;
      return note(task, std::move(about));
    }
    const bool recent = before.shown->rank != crdt::kLowestRank && about.apart <= kCollisionWindow;
    if (about.their_author != context_.author && about.theirs != value && recent) {
      about.kind = Notice::Kind::kReplaced;
      note(task, about);
    }
    for (const crdt::Leaf* rival : before.rivals) {
      if (rival->value == value) continue;
      about.kind = Notice::Kind::kSettled;
      about.theirs = rival->value;
      about.their_author = rival->stamp.author;
      note(task, about);
    }
  }

  void create(std::string_view path, std::string value) {
    edit_.write_ranked(path, std::move(value), crdt::kLowestRank, edit_.stamp());
  }

  // The new task, read back from what was just written.
  void show_created(const Core& core, const std::string& id,
                    const std::vector<std::string_view>& users) {
    Task task;
    const std::string_view core_leaf = edit_.written(core_path(id))->path;
    task.id = core_leaf.substr(core_leaf.find('/') + 1, id.size());
    task.core = core;
    task.lettered = core.split;
    task.text.shown = edit_.written(text_path(id));
    task.status.shown = edit_.written(status_path(id));
    for (const std::string_view user : users) {
      const crdt::Leaf* leaf = edit_.written(who_path(id, user));
      task.people.push_back({user, {leaf, {}}});
    }
    out_.tasks.push_back(std::move(task));
  }

  // --- helpers ---

  std::string_view user_key(std::string_view user) const {
    return is_me(user) ? context_.author : user;
  }

  bool is_me(std::string_view user) const { return user == kMe || is_my_name(user); }

  // The first of `users` that nobody is known by: a name without a mention that is neither the
  // author's nor, where there is one, assigned to `task`.
  const std::string* stranger(const std::vector<std::string>& users,
                              const Task* task = nullptr) const {
    const auto found = std::find_if(users.begin(), users.end(), [&](const std::string& user) {
      return user.starts_with('@') && !is_my_name(user) &&
             (task == nullptr || !task->assigned(user));
    });
    return found == users.end() ? nullptr : &*found;
  }

  bool is_my_name(std::string_view user) const {
    return user.starts_with('@') && user.substr(1) == context_.author_name;
  }

  bool is_mine(const Task& task) const {
    return std::any_of(task.people.begin(), task.people.end(), [&](const Assignee& person) {
      return person.assigned() && (person.user == context_.author || is_my_name(person.user));
    });
  }

  bool finished(const Task& task) const { return statuses_.finished(task.status_name(statuses_)); }

  bool in_scope(const Task& task, const List& list) const {
    switch (list.scope) {
      case Scope::kAll:
        return true;
      case Scope::kFinished:
        return finished(task);
      case Scope::kMine:
        return !finished(task) && is_mine(task);
      case Scope::kUnfinished:
        // Who asks for "!done" wants to see finished tasks.
        return !list.statuses.empty() || !finished(task) || task.status.in_conflict();
    }
    CHECK(false);
  }

  bool has_user(const Task& task, const List& list) const {
    if (list.users.empty()) return true;
    return std::any_of(list.users.begin(), list.users.end(), [&](const std::string& user) {
      return is_me(user) ? is_mine(task) : task.assigned(user);
    });
  }

  bool has_status(const Task& task, const List& list) const {
    const auto& wanted = list.statuses;
    const std::string_view status = task.status_name(statuses_);
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), status) != wanted.end();
  }

  // The one task that `ref` means, or nullptr and a question.
  Task* resolve(const TaskRef& ref) {
    const std::vector<Task*> found = list_.find(ref);
    const bool guess = crdt::planted(crdt::Bug::kGuessInsteadOfAsking) && !found.empty();
    if (found.size() == 1 || guess) return found.front();
    doubt(found.empty() ? unknown_task(ref) : ambiguous(ref, found));
    return nullptr;
  }

  void doubt(Ask ask) {
    CHECK(edit_.empty());
    out_.reply = ReplyKind::kAsk;
    out_.tasks.clear();
    out_.ask = std::move(ask);
  }

  void note(const Task& task, Notice notice) {
    notice.task = task.label();
    out_.notices.push_back(std::move(notice));
  }

  bool retried() const { return crdt::is_handled(document_, edit_.stamp().request); }

  void already_done(Task& task) {
    notice_retry(task.label());
    out_.tasks.push_back(std::move(task));
  }

  void already_added(std::string_view id) {
    list_ = read_tasks(document_);
    for (Task& task : list_.tasks) {
      if (task.id == id) return already_done(task);
    }
    CHECK(false);
  }

  void notice_retry(std::string label) {
    out_.notices.push_back({.kind = Notice::Kind::kRetried, .task = std::move(label)});
  }

  // Shows those of all tasks that `wanted` takes, and counts all.
  template <class Wanted>
  void show(Wanted wanted) {
    list_ = read_tasks(document_);
    out_.known = list_.tasks.size();
    for (Task& task : list_.tasks) {
      if (!finished(task)) ++out_.unfinished;
      if (wanted(task)) out_.tasks.push_back(std::move(task));
    }
  }

  const crdt::Document& document_;
  const Context& context_;
  const StatusSet& statuses_;
  crdt::Edit& edit_;
  TaskList list_;  // What the command needs of it.
  Decision out_;
};

}  // namespace

Decision decide(const crdt::Document& document, const Command& command, const Context& context,
                const StatusSet& statuses, crdt::Edit& edit) {
  CHECK(edit.empty() && &edit.document() == &document);
  CHECK(is_lower(context.letter));
  return Decider(document, context, statuses, edit).decide(command);
}

}  // namespace slack::incident

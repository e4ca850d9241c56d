#include "slack/incident/command.h"

#include "crdt/check.h"
#include "slack/mrkdwn.h"

namespace slack::incident {
namespace {

std::string user_text(const std::string& user) {
  if (user == kMe) return "@me";  // Never part of the text before it.
  if (user.starts_with('@')) return user;
  return user.starts_with('S') ? "<!subteam^" + user + '>' : "<@" + user + '>';
}

void append_users(std::string& out, const std::vector<std::string>& users, std::string_view sign) {
  for (const std::string& user : users) out.append(" ").append(sign).append(user_text(user));
}

struct Writer {
  std::string operator()(const Board&) const { return {}; }

  std::string operator()(const Add& add) const {
    std::string out = "add " + escape(add.text);
    append_users(out, add.users, "");
    if (add.status) out += " !" + *add.status;
    return out;
  }

  std::string operator()(const Update& update) const {
    std::string out = to_text(update.task);
    append_users(out, update.assign, "");
    append_users(out, update.unassign, "-");
    if (update.status) out += " !" + *update.status;
    if (update.text) out += " : " + escape(*update.text);
    return out;
  }

  std::string operator()(const List& list) const {
    std::string out = "list";
    if (list.scope == Scope::kAll) out += " all";
    if (list.scope == Scope::kFinished) out += " finished";
    if (list.scope == Scope::kMine) out += " mine";
    append_users(out, list.users, "");
    for (const std::string& status : list.statuses) out += " !" + status;
    return out;
  }

  std::string operator()(const Finish& finish) const {
    std::string out(name_of(finish.verb));
    for (const TaskRef& task : finish.tasks) out += ' ' + to_text(task);
    return out;
  }

  std::string operator()(const Help& help) const {
    return help.topic.empty() ? "help" : "help " + help.topic;
  }

  std::string operator()(const Ask&) const { return {}; }
};

struct Namer {
  std::string_view operator()(const Board&) const { return "board"; }
  std::string_view operator()(const Add&) const { return "add"; }
  std::string_view operator()(const Update&) const { return "update"; }
  std::string_view operator()(const List&) const { return "list"; }
  std::string_view operator()(const Finish& finish) const { return name_of(finish.verb); }
  std::string_view operator()(const Help&) const { return "help"; }
  std::string_view operator()(const Ask&) const { return "ask"; }
};

}  // namespace

std::string_view name_of(FinishVerb verb) {
  switch (verb) {
    case FinishVerb::kDone:
      return "done";
    case FinishVerb::kReopen:
      return "reopen";
    case FinishVerb::kCancel:
      return "cancel";
    case FinishVerb::kTake:
      return "take";
    case FinishVerb::kDrop:
      return "drop";
  }
  CHECK(false);
}

std::string to_text(const TaskRef& task) {
  std::string out = std::to_string(task.number);
  if (task.letter != 0) out += task.letter;
  if (!task.id.empty()) out += '-' + task.id;
  return out;
}

std::string_view verb_of(const Command& command) { return std::visit(Namer{}, command); }

std::string to_text(const Command& command) { return std::visit(Writer{}, command); }

}  // namespace slack::incident

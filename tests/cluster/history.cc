#include "tests/cluster/history.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace tests {
namespace {

bool is_word_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "3b" of "🔵 #3b job-00042 · !red".
std::string label_after(std::string_view line, std::size_t hash) {
  std::size_t end = hash + 1;
  while (end < line.size() && is_word_octet(line[end])) ++end;
  return std::string(line.substr(hash + 1, end - hash - 1));
}

constexpr std::string_view kConflict = "⚠️";
constexpr std::string_view kStatus = " · !";  // Every task's line has one, no other line has.

std::string line_of(Moment at, const std::string& what) {
  char time[32];
  std::snprintf(time, sizeof time, "%10.3f s  ", static_cast<double>(at.count()) / 1e6);
  return time + what + "\n";
}

// One line, whatever it was.
std::string flat(std::string text) {
  constexpr std::size_t kShown = 400;  // A list of a room is longer than a failure needs.
  std::replace(text.begin(), text.end(), '\n', '|');
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

// Whether an answer says that the change was made: a refusal is a 200 as well, for a person must
// read it.
bool acknowledges(const TypedCommand& command, std::string_view answer) {
  if (command.kind == TypedCommand::Kind::kList) {
    return answer.find("No tasks yet") != std::string_view::npos || !tasks_in(answer).empty();
  }
  if (answer.find("Nothing was changed") != std::string_view::npos) return false;
  const auto tasks = tasks_in(answer);
  return std::any_of(tasks.begin(), tasks.end(),
                     [&](const ShownTask& task) { return task.shows(command.mark); });
}

}  // namespace

bool TypedCommand::acknowledged() const {
  return std::any_of(attempts.begin(), attempts.end(),
                     [](const Attempt& attempt) { return attempt.acknowledged; });
}

std::optional<Moment> TypedCommand::done_by() const {
  Moment latest{};
  for (const Attempt& attempt : attempts) {
    if (!attempt.heard) return std::nullopt;
    latest = std::max(latest, *attempt.heard);
  }
  return latest;
}

bool ShownTask::shows(std::string_view mark) const {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t end = at + mark.size();
    if (end == text.size() || !is_word_octet(text[end])) return true;
  }
  return false;
}

std::vector<ShownTask> tasks_in(std::string_view answer) {
  std::vector<ShownTask> tasks;
  while (!answer.empty()) {
    const std::size_t end = std::min(answer.find('\n'), answer.size());
    const std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    const std::size_t hash = line.find('#');
    if (line.starts_with(kConflict) && !tasks.empty()) {
      tasks.back().text.append("\n").append(line);
    } else if (hash != std::string_view::npos && line.find(kStatus) != std::string_view::npos) {
      tasks.push_back({label_after(line, hash), std::string(line)});
    }
  }
  return tasks;
}

Moment History::now() const {
  return std::chrono::duration_cast<Moment>(std::chrono::steady_clock::now() - began_);
}

History::Handle History::typed(TypedCommand command) {
  const std::lock_guard lock(mutex_);
  commands_.push_back(std::move(command));
  return commands_.size() - 1;
}

std::size_t History::sent(Handle command, int peer) {
  const std::lock_guard lock(mutex_);
  auto& attempts = commands_[command].attempts;
  attempts.push_back({.peer = peer, .sent = now(), .heard = {}, .answer = {}});
  return attempts.size() - 1;
}

bool History::heard(Handle command, std::size_t number, const std::optional<std::string>& answer,
                    const std::string& failure) {
  const std::lock_guard lock(mutex_);
  Attempt& attempt = commands_[command].attempts[number];
  attempt.answer = answer ? *answer : failure;
  if (!answer) return false;
  attempt.heard = now();
  attempt.acknowledged = acknowledges(commands_[command], *answer);
  return attempt.acknowledged;
}

void History::met(Handle command, std::size_t number, int peer) {
  const std::lock_guard lock(mutex_);
  commands_[command].attempts[number].peer = peer;
}

void History::note(const std::string& what) {
  const std::lock_guard lock(mutex_);
  notes_.emplace_back(now(), what);
}

TypedCommand History::command(Handle command) const {
  const std::lock_guard lock(mutex_);
  return commands_[command];
}

std::string History::text(std::string_view about) const {
  const auto named = std::find_if(commands_.begin(), commands_.end(), [&](const auto& command) {
    return !about.empty() && (command.job == about || command.mark == about);
  });
  const bool one = named != commands_.end();
  const auto belongs = [&](const TypedCommand& command) {
    if (about.empty() || about == command.room) return true;
    return one && command.room == named->room &&
           (command.job == named->job || command.kind == TypedCommand::Kind::kList);
  };
  std::vector<std::pair<Moment, std::string>> lines;
  for (const auto& [at, what] : notes_) lines.emplace_back(at, "** " + what);
  for (const TypedCommand& command : commands_) {
    if (!belongs(command)) continue;
    for (std::size_t i = 0; i < command.attempts.size(); ++i) {
      const Attempt& attempt = command.attempts[i];
      const std::string where = "peer " + std::to_string(attempt.peer);
      const std::string asked = " (" + command.room + ", try " + std::to_string(i + 1) + ")";
      lines.emplace_back(attempt.sent, where + " <- /ir " + command.text + asked);
      const char* verdict = attempt.acknowledged ? " -> " : " -> NOT ACKNOWLEDGED: ";
      lines.emplace_back(attempt.heard.value_or(attempt.sent),
                         where + verdict + flat(attempt.answer) + asked);
    }
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [at, what] : lines) out += line_of(at, what);
  return out;
}

}  // namespace tests

#include "slack/incident/render.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "crdt/check.h"
#include "slack/block_limits.h"
#include "slack/incident/help.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

constexpr std::size_t kListedCharsMax = 300;   // A list is for scanning: three lines on a phone.
constexpr std::size_t kShownCharsMax = 1800;   // The one task somebody asked about.
constexpr std::size_t kPeopleShownMax = 10;    // Ten names of 80 characters beside such a text.
constexpr std::size_t kRivalsShownMax = 4;     // More concurrent writers than a split has sides.
constexpr std::size_t kConflictsShownMax = 4;  // Contested fields of one task.
constexpr std::size_t kNoticesShownMax = 12;   // What one command can reasonably say.
constexpr std::size_t kSuggestionsShownMax = 5;
constexpr std::size_t kAskCharsMax = 1500;
// Room that is kept for what must come after: the context line (a hint and a warning), the line
// that says how many were left out (two examples), and two long notices (further ones are counted).
constexpr std::size_t kFootChars = 600;
constexpr std::size_t kMoreChars = 1000;
constexpr std::size_t kNoticeChars = 1200;
constexpr std::string_view kUnknownStatusEmoji = "⚪";
constexpr std::string_view kWarning = "⚠️";

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string people_phrase(const Task& task) {
  std::string out;
  std::size_t shown = 0;
  std::size_t hidden = 0;
  for (const Assignee& person : task.people) {
    if (!person.assigned()) continue;
    if (shown == kPeopleShownMax) {
      ++hidden;
      continue;
    }
    out.append(shown == 0 ? "" : ", ").append(mention(person.user));
    ++shown;
  }
  if (hidden > 0) out += " and " + std::to_string(hidden) + " more";
  return out;
}

// "🔴 *#3* disk full on db-3 · !red · <@U1>"
std::string task_line(const Task& task, const StatusSet& statuses, std::size_t text_chars_max) {
  const std::string_view name = task.status_name(statuses);
  const Status* status = statuses.find(name);
  constexpr std::size_t kMarksExpected = 64;  // Beside the text, so that most lines grow once.
  std::string out;
  out.reserve(task.text.value().size() + kMarksExpected);
  out.append(status == nullptr ? kUnknownStatusEmoji : std::string_view(status->emoji));
  out.append(" *#").append(task.label()).append("* ");
  append_shown(out, task.text.value(), text_chars_max);
  out.append(" · ").append(value_phrase(Subject::kStatus, "", name));
  const std::string people = people_phrase(task);
  if (!people.empty()) out.append(" · ").append(people);
  return out;
}

// "⚠️ #3 has two values: !done by <@U2> (shown), !red by <@U1>. To settle it, set it again."
std::string conflict_line(const Task& task, Subject subject, std::string_view user,
                          const Field& field) {
  std::string out(kWarning);
  out.append(" #").append(task.label()).append(" has ");
  out.append(count_of(field.rivals.size() + 1, "value")).append(": ");
  const auto by = [&](const crdt::Leaf& leaf) {
    return value_phrase(subject, user, leaf.value) + " by " + mention(leaf.stamp.author);
  };
  out.append(by(*field.shown)).append(" (shown)");
  for (std::size_t i = 0; i < std::min(field.rivals.size(), kRivalsShownMax); ++i) {
    out.append(", ").append(by(*field.rivals[i]));
  }
  return out.append(". To settle it, set it again.");
}

class Renderer {
 public:
  Renderer(const Decision& decision, const StatusSet& statuses, const Audience& audience)
      : decision_(decision), statuses_(statuses), audience_(audience), lines_(message_) {}

  Message run() {
    switch (decision_.reply) {
      case ReplyKind::kBoard:
        board();
        break;
      case ReplyKind::kList:
        list();
        break;
      case ReplyKind::kAdded:
        added();
        break;
      case ReplyKind::kChanged:
        changed();
        break;
      case ReplyKind::kAsk:
        ask();
        break;
      case ReplyKind::kHelp:
        for (const auto& line : help_lines(decision_.topic, statuses_, audience_)) add(line);
        message_.fallback = "How to use " + code(audience_, "");
        break;
    }
    foot();
    return std::move(message_);
  }

 private:
  void board() {
    if (decision_.known == 0) {
      no_tasks_yet();
    } else if (decision_.tasks.empty()) {
      headline("Nothing left to do: " +
               (decision_.known == 1 ? std::string("the only task is")
                                     : "all " + count_of(decision_.known, "task") + " are") +
               " finished. See " + code(audience_, "list finished"));
    } else {
      headline('*' + count_of(decision_.unfinished, "unfinished task") + "* of " +
               std::to_string(decision_.known));
    }
    tasks(kListedCharsMax);
  }

  void no_tasks_yet() {
    headline("No tasks yet. Add the first: " + code(audience_, "add disk full on db-3 @ann !red"));
  }

  void list() {
    if (decision_.known == 0) return no_tasks_yet();
    if (decision_.tasks.empty()) {
      headline("No task matches. There " + std::string(decision_.known == 1 ? "is " : "are ") +
               count_of(decision_.known, "task") +
               " in this channel: " + code(audience_, "list all"));
      return;
    }
    headline('*' + count_of(decision_.tasks.size(), "task") + "* of " +
             std::to_string(decision_.known));
    tasks(kListedCharsMax);
  }

  void added() {
    if (decision_.changed) {
      const std::string label = decision_.tasks.front().label();
      headline("Added *#" + label + "*");
      hint_ = "Not meant as a task? " + code(audience_, "cancel " + label);
    }
    tasks(kShownCharsMax);
    notices();
  }

  void changed() {
    tasks(decision_.tasks.size() == 1 ? kShownCharsMax : kListedCharsMax);
    notices();
    message_.fallback = decision_.changed ? "Changed" : "Nothing changed";
    for (const Task& task : decision_.tasks) message_.fallback += " #" + task.label();
  }

  void ask() {
    std::string text = "🤔 ";
    append_shown(text, decision_.ask.message, kAskCharsMax);
    headline(text);
    const auto& suggestions = decision_.ask.suggestions;
    for (std::size_t i = 0; i < std::min(suggestions.size(), kSuggestionsShownMax); ++i) {
      add("• " + code(audience_, suggestions[i]));
    }
    hint_ = "Nothing was changed.";
  }

  // The first line, which is also what notifications show.
  void headline(const std::string& text) {
    message_.fallback = text;
    add(text);
  }

  // For what always fits: nothing so far came near the limits.
  void add(const std::string& line) { CHECK(lines_.add(line, kFootChars)); }

  void tasks(std::size_t text_chars_max) {
    for (std::size_t i = 0; i < decision_.tasks.size(); ++i) {
      const Task& task = decision_.tasks[i];
      if (!lines_.add(task_line(task, statuses_, text_chars_max), kTaskReserve)) {
        const std::size_t hidden = decision_.tasks.size() - i;
        add("… and " + std::to_string(hidden) + " more. Narrow it down: " +
            code(audience_, "list @ann") + ", " + code(audience_, "list !red"));
        return;
      }
      conflicts(task);
    }
  }

  void conflicts(const Task& task) {
    std::size_t left = kConflictsShownMax;
    const auto show = [&](Subject subject, std::string_view user, const Field& field) {
      if (!field.in_conflict() || left == 0) return;
      --left;
      // A list that is full says so at its next task.
      std::ignore = lines_.add(conflict_line(task, subject, user, field), kTaskReserve);
    };
    show(Subject::kText, "", task.text);
    show(Subject::kStatus, "", task.status);
    for (const Assignee& person : task.people) show(Subject::kAssignee, person.user, person.field);
  }

  void notices() {
    const auto& notices = decision_.notices;
    for (std::size_t i = 0; i < notices.size(); ++i) {
      const std::string line = notice_phrase(notices[i], audience_);
      if (i == kNoticesShownMax || !lines_.add(line, kFootChars + kMoreChars)) {
        return add("… and " + count_of(notices.size() - i, "more remark") + ".");
      }
      if (message_.fallback.empty()) message_.fallback = line;
    }
  }

  void foot() {
    std::string text = hint_;
    if (audience_.split) {
      text += text.empty() ? "" : "  ";
      text += "Some peers are out of reach: what was changed there does not show here yet.";
    }
    if (!text.empty()) message_.blocks.push_back({BlockKind::kContext, std::move(text)});
  }

  static constexpr std::size_t kTaskReserve = kFootChars + kMoreChars + kNoticeChars;

  const Decision& decision_;
  const StatusSet& statuses_;
  const Audience& audience_;
  Message message_;
  Lines lines_;
  std::string hint_;
};

}  // namespace

Message render(const Decision& decision, const StatusSet& statuses, const Audience& audience) {
  return Renderer(decision, statuses, audience).run();
}

}  // namespace slack::incident

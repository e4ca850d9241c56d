#include "slack/incident/doubts.h"

#include <algorithm>

#include "slack/ascii.h"
#include "slack/utf8.h"

namespace slack::incident::doubts {
namespace {

constexpr std::size_t kQuotedCharsMax = 60;  // Enough to recognize one's own words.
constexpr std::size_t kSuggestedCharsMax =
    300;  // Longer, and copying is easier from the input line.

constexpr std::size_t kTasksSuggestedMax = 3;  // Enough to see the pattern.

std::string shortened(std::string_view text) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < kQuotedCharsMax && !rest.empty(); ++i) {
    rest.remove_prefix(first_code_point(rest).bytes);
  }
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

std::string quoted(std::string_view text) { return "“" + shortened(text) + "”"; }

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

// Adds "<before><text>" unless it is too long to be worth showing.
void suggest(Ask& ask, std::string_view before, std::string_view text) {
  if (utf8_length(text) > kSuggestedCharsMax) return;
  ask.suggestions.push_back(std::string(before) + std::string(text));
}

std::string all_of(const StatusSet& statuses) {
  std::string out;
  for (const Status& status : statuses.all()) out += (out.empty() ? "!" : ", !") + status.name;
  return out;
}

}  // namespace

Ask no_text(std::string_view tail) {
  if (tail.empty()) {
    return {Doubt::kNoText,
            "What is to be done? A task needs a few words.",
            {"add disk full on db-3", "help add"}};
  }
  Ask ask{Doubt::kNoText,
          quoted(tail) + " has no words for a task. Did you want to see tasks, or add one?",
          {}};
  suggest(ask, "list ", tail);
  suggest(ask, "add disk full on db-3 ", tail);
  return ask;
}

Ask no_reference(FinishVerb verb) {
  const std::string name(name_of(verb));
  return {Doubt::kNoReference, "Which task? “" + name + "” needs a task's number.", {name + " 3"}};
}

Ask no_task_named(std::string_view tail) {
  Ask ask{Doubt::kNoReference, "Which task? A change begins with a task's number.", {}};
  suggest(ask, "3 ", tail);
  return ask;
}

Ask no_change(const TaskRef& task) {
  const std::string number = to_text(task);
  return {Doubt::kNoChange,
          "What should happen to #" + number + '?',
          {number + " !done", number + " me", number + ": new text"},
          task};
}

Ask too_long(std::size_t chars) {
  return {Doubt::kTooLong,
          "That text has " + std::to_string(chars) + " characters; a task holds at most " +
              std::to_string(kTextCharsMax) +
              ". Keep the task short and post the rest in the channel.",
          {}};
}

Ask too_many(std::string_view what, std::size_t max) {
  return {Doubt::kTooMany,
          "That names more than " + std::to_string(max) + ' ' + std::string(what) +
              ". Please send it in parts.",
          {}};
}

Ask unknown_status(std::string_view typed, const StatusSet& statuses) {
  return {Doubt::kUnknownStatus,
          "There is no status !" + shortened(typed) + ". There are " + all_of(statuses) +
              ". To use the word as text, put it in double quotes.",
          {}};
}

Ask ambiguous_status(std::string_view typed, const std::vector<const Status*>& found) {
  std::string names;
  for (const Status* status : found) names += (names.empty() ? "!" : " or !") + status->name;
  return {
      Doubt::kAmbiguousStatus, "!" + shortened(typed) + " could be " + names + ". Which one?", {}};
}

Ask misplaced_status(std::string_view typed, std::string_view text, const StatusSet& statuses) {
  const auto found = statuses.match(typed);
  Ask ask;
  if (found.empty()) {
    ask = unknown_status(typed, statuses);
  } else {
    ask = {Doubt::kMisplacedStatus,
           "!" + shortened(typed) +
               " stands inside the text. A status goes to the end; to use the word as text, put it "
               "in double quotes.",
           {}};
  }
  if (text.find('"') == std::string_view::npos) suggest(ask, "add ", in_quotes(text));
  return ask;
}

Ask two_statuses(std::string_view first, std::string_view second) {
  return {Doubt::kTwoStatuses,
          "A task has one status; that names !" + std::string(first) + " and !" +
              std::string(second) + ". Which one?",
          {}};
}

Ask number_then_prose(const TaskRef& task, std::string_view whole, std::string_view prose) {
  const std::string number = to_text(task);
  Ask ask{Doubt::kNumberThenProse,
          quoted(whole) + " could be a new task, or a new text for #" + number + ". Which one?",
          {}};
  suggest(ask, "add ", whole);
  suggest(ask, number + ": ", prose);
  return ask;
}

Ask no_task_number(std::string_view number, std::string_view whole) {
  Ask ask{Doubt::kNoTaskNumber,
          quoted(number) + " is no task's number. To make it a task, say “add” first.",
          {"list"}};
  suggest(ask, "add ", whole);
  return ask;
}

Ask me_in_prose(std::string_view before, std::string_view text, std::string_view tail) {
  const std::string words = std::string(text) + " me";
  const std::string rest = (tail.empty() ? "" : " ") + std::string(tail);
  Ask ask{Doubt::kMeInProse,
          "Are you to have that task, or does its text end in " + quoted(words) + "?",
          {}};
  suggest(ask, before, std::string(text) + " @me" + rest);
  if (text.find('"') == std::string_view::npos) suggest(ask, before, in_quotes(words) + rest);
  return ask;
}

Ask verb_then_prose(std::string_view verb, std::string_view usage, std::string_view whole) {
  Ask ask{Doubt::kVerbThenProse,
          "“" + std::string(verb) + "” is a command, and I do not understand what follows it in " +
              quoted(whole) + ". To make it a task, say “add” first.",
          {std::string(usage)}};
  suggest(ask, "add ", whole);
  return ask;
}

Ask typo(std::string_view typed, std::string_view verb, std::string_view rest) {
  const std::string gap = rest.empty() ? "" : " ";
  Ask ask{Doubt::kTypo,
          "Did you mean “" + std::string(verb) + "”? " + quoted(typed) +
              " is no command. To make it a task, say “add” first.",
          {}};
  suggest(ask, std::string(verb) + gap, rest);
  suggest(ask, "add " + std::string(typed) + gap, rest);
  return ask;
}

Ask unknown_verb(std::string_view verb, std::string_view whole) {
  Ask ask{Doubt::kUnknownVerb,
          quoted(verb) + " is not a command I know. To make it a task, say “add” first.",
          {}};
  suggest(ask, "add ", whole);
  ask.suggestions.emplace_back("help");
  return ask;
}

Ask verb_with_number(std::string_view verb, std::string_view instead, std::string_view whole) {
  Ask ask{Doubt::kUnknownVerb,
          quoted(verb) + " is not a command I know. To make it a task, say “add” first.",
          {}};
  if (!instead.empty()) suggest(ask, "", instead);
  suggest(ask, "add ", whole);
  ask.suggestions.emplace_back("help");
  return ask;
}

Ask no_new_text(const TaskRef& task, std::string_view tail) {
  const std::string number = to_text(task);
  Ask ask{Doubt::kNoText, "What should #" + number + " say?", {number + ": new text"}, task};
  if (!tail.empty()) suggest(ask, number + " ", tail);
  return ask;
}

Ask several_tasks(const std::vector<TaskRef>& tasks, std::string_view marks,
                  std::string_view whole) {
  Ask ask{Doubt::kNumberThenProse,
          "One task at a time; only “done”, “reopen”, “cancel”, “take” and “drop” take several.",
          {}};
  std::string all;
  for (const TaskRef& task : tasks) all += " " + to_text(task);
  if (marks == "!done") ask.suggestions.push_back("done" + all);
  for (std::size_t i = 0; i < std::min(tasks.size(), kTasksSuggestedMax); ++i) {
    suggest(ask, to_text(tasks[i]) + " ", marks);
  }
  suggest(ask, "add ", whole);
  return ask;
}

Ask no_such_help(std::string_view topic, std::string_view verb) {
  Ask ask{Doubt::kVerbThenProse, "There is no help on " + quoted(topic) + ".", {}};
  if (!verb.empty()) ask.suggestions.push_back("help " + std::string(verb));
  ask.suggestions.emplace_back("help");
  return ask;
}

Ask unknown_user(std::string_view name, std::string_view text, std::string_view rest) {
  Ask ask{Doubt::kUnknownUser,
          "I do not know who " + shortened(name) +
              " is: pick people from the list that Slack opens as you type “@”. To use the word as "
              "text, put it in double quotes. (If Slack's own picks end here, “Escape channels, "
              "users, and links” is off in the settings of this command.)",
          {}};
  if (text.empty() || text.find('"') != std::string_view::npos) return ask;
  suggest(ask, "add ", std::string(text) + std::string(rest));
  suggest(ask, "add ", in_quotes(std::string(text) + ' ' + std::string(name)) + std::string(rest));
  return ask;
}

Ask contradiction(std::string_view user) {
  return {Doubt::kContradiction,
          "That both assigns and takes off " + std::string(user) + ". Which one?",
          {}};
}

}  // namespace slack::incident::doubts

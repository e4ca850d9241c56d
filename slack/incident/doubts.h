// Doubts: the questions Muster asks instead of guessing, each with what to type instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slack/incident/command.h"
#include "slack/incident/status_set.h"

namespace slack::incident::doubts {

// `text` arguments are plain text; long ones are shortened in the message and not suggested.
[[nodiscard]] Ask no_text(std::string_view tail);
[[nodiscard]] Ask no_reference(FinishVerb verb);
// "-@ann": marks alone that change something.
[[nodiscard]] Ask no_task_named(std::string_view tail);
[[nodiscard]] Ask no_change(const TaskRef& task);
[[nodiscard]] Ask too_long(std::size_t chars);
[[nodiscard]] Ask too_many(std::string_view what, std::size_t max);
[[nodiscard]] Ask unknown_status(std::string_view typed, const StatusSet& statuses);
[[nodiscard]] Ask ambiguous_status(std::string_view typed, const std::vector<const Status*>& found);
// `text` holds the word `typed`, a status or not, before its end.
[[nodiscard]] Ask misplaced_status(std::string_view typed, std::string_view text,
                                   const StatusSet& statuses);
[[nodiscard]] Ask two_statuses(std::string_view first, std::string_view second);
[[nodiscard]] Ask number_then_prose(const TaskRef& task, std::string_view whole,
                                    std::string_view prose);
[[nodiscard]] Ask no_task_number(std::string_view number, std::string_view whole);
// `text` ends before the "me", `tail` begins behind it; `before` is what `text` followed.
[[nodiscard]] Ask me_in_prose(std::string_view before, std::string_view text,
                              std::string_view tail);
[[nodiscard]] Ask verb_then_prose(std::string_view verb, std::string_view usage,
                                  std::string_view whole);
[[nodiscard]] Ask typo(std::string_view typed, std::string_view verb, std::string_view rest);
[[nodiscard]] Ask unknown_verb(std::string_view verb, std::string_view whole);
// `instead` is what people who say that mean here; empty for nothing in particular.
[[nodiscard]] Ask verb_with_number(std::string_view verb, std::string_view instead,
                                   std::string_view whole);
// `tail`: the marks that stand where a new text should.
[[nodiscard]] Ask no_new_text(const TaskRef& task, std::string_view tail);
// "1 3 !done". `marks` are what is to happen to all of them.
[[nodiscard]] Ask several_tasks(const std::vector<TaskRef>& tasks, std::string_view marks,
                                std::string_view whole);
[[nodiscard]] Ask no_such_help(std::string_view topic, std::string_view verb);
// "@nobdy". `text` is what a new task was to say, empty where there is none; `rest` the marks that
// are clear, a space before each.
[[nodiscard]] Ask unknown_user(std::string_view name, std::string_view text, std::string_view rest);
// `user` as it was typed.
[[nodiscard]] Ask contradiction(std::string_view user);

}  // namespace slack::incident::doubts

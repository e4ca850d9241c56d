// Verbs: the words that begin a command, and the words that are mistaken for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "slack/incident/command.h"

namespace slack::incident {

enum class Verb { kAdd, kList, kDone, kReopen, kCancel, kTake, kDrop, kHelp };

// By any of its spellings, in any case.
[[nodiscard]] std::optional<Verb> find_verb(std::string_view word);

// A word of the full grammar that this version does not act on. Taking it for the first word of a
// task would give the same words two meanings, one before an upgrade and one after it.
[[nodiscard]] bool is_reserved(std::string_view word);

// What people call a verb elsewhere: "cancel" for "delete". Empty, and `known`, where a number
// alone says it ("assign 3 @ann").
struct Synonym {
  bool known = false;
  std::string_view verb;
};
[[nodiscard]] Synonym synonym_of(std::string_view word);

// The verb that `word` misses by one letter (one left out, added, changed, or two swapped), or
// nothing. `alone`: no prose follows. Ordinary words that happen to be that close ("lost", "make")
// count as typos only when alone.
[[nodiscard]] std::string_view mistyped_verb(std::string_view word, bool alone);

// What `word` means where no prose follows it: "list" for "tasks", "list mine" for "mien". Empty
// where it is a word like any other.
[[nodiscard]] std::string meant_alone(std::string_view word);

// Whether `word` misses a reserved one by a letter, as mistyped_verb() counts.
[[nodiscard]] bool is_nearly_reserved(std::string_view word);

// Whether "me" behind `word` reads as its object: "call me", "for me".
[[nodiscard]] bool takes_object(std::string_view word);

[[nodiscard]] FinishVerb finish_verb(Verb verb);  // REQUIRES one of the five.

}  // namespace slack::incident

#include "slack/incident/verbs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crdt/check.h"
#include "slack/ascii.h"

namespace slack::incident {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 15> kVerbs{
    {{"add", Verb::kAdd},
     {"+", Verb::kAdd},
     {"list", Verb::kList},
     {"ls", Verb::kList},
     {"done", Verb::kDone},
     {"close", Verb::kDone},
     {"reopen", Verb::kReopen},
     {"cancel", Verb::kCancel},
     {"take", Verb::kTake},
     {"drop", Verb::kDrop},
     {"help", Verb::kHelp},
     {"?", Verb::kHelp},
     {"-h", Verb::kHelp},
     {"--help", Verb::kHelp},
     {"—help", Verb::kHelp}}};  // As phones write two hyphens.

constexpr std::array<std::string_view, 17> kReserved{
    "remove", "restore", "undo",   "top",      "note",   "history", "declare", "sev",   "lead",
    "role",   "resolve", "status", "timeline", "export", "stats",   "health",  "config"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kSynonyms{
    {{"assign", ""},
     {"set", ""},
     {"update", ""},
     {"delete", "cancel"},
     {"rm", "cancel"},
     {"finish", "done"},
     {"complete", "done"},
     {"finished", "done"},
     {"claim", "take"},
     {"release", "drop"},
     {"open", "reopen"}}};

constexpr std::array<std::string_view, 3> kScopes{"all", "finished", "mine"};

// What people type elsewhere to see a list, or to learn how things work.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kAlone{
    {{"board", "list"},
     {"show", "list"},
     {"view", "list"},
     {"task", "list"},
     {"tasks", "list"},
     {"todo", "list"},
     {"todos", "list"},
     {"open", "list"},
     {"unfinished", "list"},
     {"everything", "list all"},
     {"my", "list mine"},
     {"usage", "help"},
     {"man", "help"},
     {"commands", "help"},
     {"info", "help"},
     {"/?", "help"}}};

// English words one letter away from a verb that people begin tasks with.
constexpr std::array<std::string_view, 33> kOrdinary{
    "ad",    "ads",   "aid",   "and",     "closed", "closer", "closet", "crop", "dome",
    "drip",  "drops", "dose",  "gone",    "held",   "helps",  "last",   "lift", "lint",
    "lisp",  "lists", "lost",  "make",    "none",   "odd",    "old",    "one",  "prop",
    "takes", "tape",  "taken", "cancels", "wake",   "lease"};

// What tasks say about whoever writes them.
constexpr std::array<std::string_view, 40> kBeforeMe{
    "about",  "add",  "after",  "alert", "and",   "ask",     "assign", "at",   "before", "behind",
    "by",     "call", "cc",     "dm",    "email", "for",     "from",   "give", "help",   "inform",
    "invite", "join", "let",    "like",  "mail",  "message", "notify", "of",   "on",     "or",
    "page",   "ping", "remind", "send",  "show",  "tell",    "text",   "to",   "wake",   "with"};

template <std::size_t size>
bool holds(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Whether one edit turns `a` into `b`: a letter left out, added, changed, or two neighbours
// swapped.
bool one_edit_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1 || a == b) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  a.remove_prefix(same);
  b.remove_prefix(same);
  if (a.size() < b.size()) return a == b.substr(1);
  if (a.substr(1) == b.substr(1)) return true;
  return a.size() >= 2 && a[0] == b[1] && a[1] == b[0] && a.substr(2) == b.substr(2);
}

}  // namespace

std::optional<Verb> find_verb(std::string_view word) {
  const std::string lower = to_lower(word);
  for (const auto& [spelling, verb] : kVerbs) {
    if (lower == spelling) return verb;
  }
  return std::nullopt;
}

bool is_reserved(std::string_view word) { return holds(kReserved, to_lower(word)); }

Synonym synonym_of(std::string_view word) {
  const std::string lower = to_lower(word);
  for (const auto& [elsewhere, verb] : kSynonyms) {
    if (lower == elsewhere) return {true, verb};
  }
  return {};
}

std::string_view mistyped_verb(std::string_view word, bool alone) {
  const std::string lower = to_lower(word);
  if (!alone && holds(kOrdinary, lower)) return {};
  // "is", "as" and "us" are one letter from "ls"; a letter is one from "+" and "?".
  const std::size_t shortest = alone ? 2 : 3;
  for (const auto& [spelling, unused] : kVerbs) {
    const bool word_like = is_letter(spelling.front()) && spelling.size() >= shortest;
    if (word_like && one_edit_apart(lower, spelling)) return spelling;
  }
  return {};
}

std::string meant_alone(std::string_view word) {
  const std::string lower = to_lower(word);
  for (const auto& [elsewhere, command] : kAlone) {
    if (lower == elsewhere) return std::string(command);
  }
  for (const std::string_view scope : kScopes) {
    if (one_edit_apart(lower, scope)) return "list " + std::string(scope);
  }
  return {};
}

bool is_nearly_reserved(std::string_view word) {
  const std::string lower = to_lower(word);
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view reserved) { return one_edit_apart(lower, reserved); });
}

bool takes_object(std::string_view word) { return holds(kBeforeMe, to_lower(word)); }

FinishVerb finish_verb(Verb verb) {
  switch (verb) {
    case Verb::kDone:
      return FinishVerb::kDone;
    case Verb::kReopen:
      return FinishVerb::kReopen;
    case Verb::kCancel:
      return FinishVerb::kCancel;
    case Verb::kTake:
      return FinishVerb::kTake;
    case Verb::kDrop:
      return FinishVerb::kDrop;
    case Verb::kAdd:
    case Verb::kList:
    case Verb::kHelp:
      break;
  }
  CHECK(false);
}

}  // namespace slack::incident

#include "slack/incident/grammar.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "slack/ascii.h"
#include "slack/incident/doubts.h"
#include "slack/incident/tokens.h"
#include "slack/incident/verbs.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

using Words = std::span<const Token>;

// What the words run from and to in the text they are views into, as people would read it.
std::string joined(Words words) {
  if (words.empty()) return {};
  const char* begin = words.front().raw.data();
  const std::string_view last = words.back().raw;
  std::string text =
      plain_text({begin, static_cast<std::size_t>(last.data() + last.size() - begin)});
  const std::size_t first_word = text.find_first_not_of(' ');
  if (first_word == std::string::npos) return {};
  text.erase(text.find_last_not_of(' ') + 1);
  return text.substr(first_word);
}

void add_once(std::vector<std::string>& names, std::string name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

// ":fire:" as Slack writes emoji; a lone ':' or ":text" begins a text.
bool is_emoji(std::string_view word) {
  return word.size() > 2 && word.front() == ':' && word.back() == ':';
}

// Users and statuses, and what is wrong with them.
struct Marks {
  std::vector<std::string> assign;
  std::vector<std::string> unassign;
  std::vector<std::string> statuses;
  std::optional<Ask> doubt;
};

class Parser {
 public:
  Parser(Words words, const StatusSet& statuses) : words_(words), statuses_(statuses) {}

  Command command() const {
    if (words_.empty()) return Board{};
    const Token& first = words_.front();
    if (first.literal) return add(words_);
    if (const auto verb = find_verb(first.raw)) return with_verb(*verb);
    if (reads_as_list()) return list(words_);
    if (only_marks_from(0)) return doubts::no_task_named(joined(words_));
    if (auto update = with_number()) return std::move(*update);
    const std::string_view number = first.raw.substr(0, first.raw.find(':'));
    if (is_number(number)) return doubts::no_task_number(number, joined(words_));
    if (is_reserved(first.raw)) return doubts::unknown_verb(first.raw, joined(words_));
    const bool alone = only_marks_from(1);
    std::string meant(mistyped_verb(first.raw, alone));
    if (meant.empty() && alone) meant = meant_without_prose();
    if (!meant.empty()) return doubts::typo(first.raw, meant, joined(words_.subspan(1)));
    if (reads_as_verb()) return unknown_verb();
    if (alone && is_nearly_reserved(first.raw)) {
      return doubts::unknown_verb(first.raw, joined(words_));
    }
    return add(words_);
  }

 private:
  // "mine", "!red", "finished @ann": "list" goes without saying. "all done" asks: its last word may
  // be a status.
  bool reads_as_list() const {
    Marks ignored;
    const auto fits = [&](const Token& word) {
      const bool named = statuses_.find(to_lower(word.raw)) != nullptr || scope_of(word);
      return mark(word, false, ignored) || (named && !word.literal);
    };
    const bool begins = scope_of(words_[0]) || mark(words_[0], false, ignored);
    return begins && std::all_of(words_.begin() + 1, words_.end(), fits);
  }

  // What the first word, and marks behind it, could ask for; empty where it reads as a task.
  std::string meant_without_prose() const {
    const std::string_view word = words_.front().raw;
    if (const Status* status = statuses_.find(to_lower(word))) return "list !" + status->name;
    return meant_alone(word);
  }

  // How many words from `begin` on are numbers of tasks.
  std::size_t refs_from(std::size_t begin) const {
    std::size_t end = begin;
    while (end < words_.size() && !words_[end].literal && parse_ref(words_[end].raw)) ++end;
    return end - begin;
  }

  // Whether from `begin` on there is nothing but users and statuses.
  bool only_marks_from(std::size_t begin) const {
    Marks ignored;
    return std::all_of(words_.begin() + static_cast<std::ptrdiff_t>(begin), words_.end(),
                       [&](const Token& word) { return mark(word, true, ignored); });
  }

  // "frobnicate 1", "assign 1 @ann": nobody's task, but somebody's idea of a command.
  bool reads_as_verb() const {
    const std::string_view word = words_.front().raw;
    const std::size_t refs = refs_from(1);
    return refs > 0 && std::all_of(word.begin(), word.end(), is_letter) &&
           only_marks_from(1 + refs);
  }

  Command unknown_verb() const {
    const Synonym synonym = synonym_of(words_.front().raw);
    const std::string rest = joined(words_.subspan(1));
    std::string instead;
    if (synonym.known) {
      instead = synonym.verb.empty() ? rest : std::string(synonym.verb) + ' ' + rest;
    }
    return doubts::verb_with_number(words_.front().raw, instead, joined(words_));
  }

  Command with_verb(Verb verb) const {
    const Words rest = words_.subspan(1);
    switch (verb) {
      case Verb::kAdd:
        return add(rest);
      case Verb::kList:
        return list(rest);
      case Verb::kHelp:
        return help(rest);
      case Verb::kDone:
      case Verb::kReopen:
      case Verb::kCancel:
      case Verb::kTake:
      case Verb::kDrop:
        break;
    }
    return finish(finish_verb(verb), rest);
  }

  // Takes `word` into `marks` if it is one. `removals`: whether "-@user" is one.
  bool mark(const Token& word, bool removals, Marks& marks) const {
    if (word.literal) return false;
    if (const auto typed = parse_status(word.raw)) {
      take_status(*typed, marks);
      return true;
    }
    if (auto user = parse_user(word.raw)) {
      add_once(marks.assign, std::move(*user));
      return true;
    }
    if (!removals || !word.raw.starts_with('-')) return false;
    auto user = parse_user(word.raw.substr(1));
    if (user) add_once(marks.unassign, std::move(*user));
    return user.has_value();
  }

  void take_status(std::string_view typed, Marks& marks) const {
    const auto found = statuses_.match(typed);
    if (found.size() == 1) return add_once(marks.statuses, found.front()->name);
    if (marks.doubt) return;
    marks.doubt = found.empty() ? doubts::unknown_status(typed, statuses_)
                                : doubts::ambiguous_status(typed, found);
  }

  // Takes the marks at the end of `words` away. What is left is the text that follows `before`.
  Words take_tail(Words words, bool removals, std::string_view before, Marks& marks) const {
    std::size_t end = words.size();
    Marks ignored;
    while (end > 0 && mark(words[end - 1], removals, ignored)) --end;
    for (const Token& word : words.subspan(end)) mark(word, removals, marks);
    const bool bare_me =
        end < words.size() && !words[end].raw.starts_with('@') && parse_user(words[end].raw) == kMe;
    if (bare_me && end > 0 && takes_object(words[end - 1].raw) && !marks.doubt) {
      marks.doubt =
          doubts::me_in_prose(before, joined(words.first(end)), joined(words.subspan(end + 1)));
    }
    return words.first(end);
  }

  // What is wrong with a text, if anything.
  std::optional<Ask> doubt_of(Words words, const std::string& text, Words tail) const {
    if (text.empty()) return doubts::no_text(joined(tail));
    for (const Token& word : words) {
      const auto typed = word.literal ? std::nullopt : parse_status(word.raw);
      if (typed) return doubts::misplaced_status(*typed, text, statuses_);
    }
    const std::size_t chars = utf8_length(text);
    if (chars > kTextCharsMax) return doubts::too_long(chars);
    return std::nullopt;
  }

  // A user as whoever asks typed it.
  std::string typed_as(const std::string& user) const {
    if (user == kMe) return "you";
    const auto found = std::find_if(words_.begin(), words_.end(), [&](const Token& word) {
      return !word.literal && parse_user(word.raw) == user;
    });
    return found == words_.end() ? user : plain_text(found->raw);
  }

  std::optional<Ask> doubt_of(const Marks& marks) const {
    if (marks.doubt) return marks.doubt;
    if (marks.statuses.size() > 1) {
      return doubts::two_statuses(marks.statuses[0], marks.statuses[1]);
    }
    if (marks.assign.size() + marks.unassign.size() > kUsersMax) {
      return doubts::too_many("people", kUsersMax);
    }
    for (const std::string& user : marks.assign) {
      const auto& off = marks.unassign;
      if (std::find(off.begin(), off.end(), user) != off.end())
        return doubts::contradiction(typed_as(user));
    }
    return std::nullopt;
  }

  static std::optional<std::string> status_of(const Marks& marks) {
    return marks.statuses.empty() ? std::nullopt : std::optional(marks.statuses.front());
  }

  Command add(Words words) const {
    Marks marks;
    const Words text_words = take_tail(words, false, "add ", marks);
    std::string text = joined(text_words);
    if (const auto doubt = doubt_of(marks)) return *doubt;
    if (const auto doubt = doubt_of(text_words, text, words)) return *doubt;
    return Add{std::move(text), std::move(marks.assign), status_of(marks)};
  }

  // A command that begins with a task's number; nothing where it does not.
  std::optional<Command> with_number() const {
    const std::string_view head = words_.front().raw;
    const std::size_t colon = head.find(':');
    const auto task = parse_ref(head.substr(0, colon));
    if (!task) return std::nullopt;
    if (colon == std::string_view::npos) return update(*task);
    const std::string_view glued = head.substr(colon + 1);
    // "10:30 deploy" is a time of day at least as likely as a text for #10.
    if (!glued.empty() && is_digit(glued.front())) {
      return doubts::number_then_prose(*task, joined(words_), after(colon));
    }
    return with_text(Marks{}, *task, behind_colon(0, colon));
  }

  Command update(const TaskRef& task) const {
    const std::size_t refs = refs_from(0);
    if (refs > 1 && refs < words_.size() && only_marks_from(refs)) return several(refs);
    Marks marks;
    for (std::size_t i = 1; i < words_.size(); ++i) {
      const Token& word = words_[i];
      if (mark(word, true, marks)) continue;
      const bool text = !word.literal && word.raw.starts_with(':') && !is_emoji(word.raw);
      if (text) return with_text(std::move(marks), task, behind_colon(i, 0));
      return doubts::number_then_prose(task, joined(words_), joined(words_.subspan(1)));
    }
    if (words_.size() == 1) return doubts::no_change(task);
    if (const auto doubt = doubt_of(marks)) return *doubt;
    return Update{task, std::nullopt, std::move(marks.assign), std::move(marks.unassign),
                  status_of(marks)};
  }

  Command several(std::size_t refs) const {
    std::vector<TaskRef> tasks;
    for (std::size_t i = 0; i < refs; ++i) tasks.push_back(*parse_ref(words_[i].raw));
    return doubts::several_tasks(tasks, joined(words_.subspan(refs)), joined(words_));
  }

  Command with_text(Marks marks, const TaskRef& task, const std::vector<Token>& words) const {
    const Words text_words = take_tail(words, true, to_text(task) + ": ", marks);
    std::string text = joined(text_words);
    if (const auto doubt = doubt_of(marks)) return *doubt;
    if (text.empty()) return doubts::no_new_text(task, joined(words));
    if (const auto doubt = doubt_of(text_words, text, words)) return *doubt;
    return Update{task, std::move(text), std::move(marks.assign), std::move(marks.unassign),
                  status_of(marks)};
  }

  // The words from `index` on, without the first `colon` + 1 octets of that word.
  std::vector<Token> behind_colon(std::size_t index, std::size_t colon) const {
    std::vector<Token> rest(words_.begin() + static_cast<std::ptrdiff_t>(index), words_.end());
    rest.front().raw.remove_prefix(colon + 1);
    if (rest.front().raw.empty()) rest.erase(rest.begin());
    return rest;
  }

  std::string after(std::size_t colon) const { return joined(behind_colon(0, colon)); }

  Command list(Words words) const {
    List list;
    Marks marks;
    bool scoped = false;
    for (const Token& word : words) {
      const auto scope = scoped ? std::nullopt : scope_of(word);
      if (scope) {
        list.scope = *scope;
        scoped = true;
      } else if (!mark(word, false, marks)) {
        const bool status = statuses_.match(word.raw).size() == 1;
        const std::string usage = status ? "list !" + std::string(word.raw) : "list all";
        return doubts::verb_then_prose(words_.front().raw, usage, joined(words_));
      }
    }
    if (marks.doubt) return *marks.doubt;
    if (marks.assign.size() > kUsersMax) return doubts::too_many("people", kUsersMax);
    list.users = std::move(marks.assign);
    list.statuses = std::move(marks.statuses);
    return list;
  }

  static std::optional<Scope> scope_of(const Token& word) {
    const std::string lower = to_lower(word.raw);
    if (lower == "all") return Scope::kAll;
    if (lower == "finished") return Scope::kFinished;
    if (lower == "mine") return Scope::kMine;
    return std::nullopt;
  }

  Command finish(FinishVerb verb, Words words) const {
    Finish finish{verb, {}};
    for (const Token& word : words) {
      std::string_view rest = word.raw;
      while (!rest.empty()) {  // "3,4" and "3, 4" are two tasks.
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const auto task = parse_ref(rest.substr(0, comma));
        if (!task) {
          return doubts::verb_then_prose(words_.front().raw, usage_of(verb), joined(words_));
        }
        if (std::find(finish.tasks.begin(), finish.tasks.end(), *task) == finish.tasks.end()) {
          finish.tasks.push_back(*task);
        }
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
    if (finish.tasks.empty()) return doubts::no_reference(verb);
    if (finish.tasks.size() > kRefsMax) return doubts::too_many("tasks", kRefsMax);
    return finish;
  }

  // The nearest thing that works: for "take 2 @bob", "2 @bob"; for "done 2 and 3", "done 2".
  std::string usage_of(FinishVerb verb) const {
    const std::size_t refs = refs_from(1);
    if (refs == 0) return std::string(name_of(verb)) + " 3";
    const bool gives = verb == FinishVerb::kTake && refs == 1 && only_marks_from(1 + refs);
    if (gives) return joined(words_.subspan(1));
    return std::string(name_of(verb)) + ' ' + joined(words_.subspan(1, refs));
  }

  Command help(Words words) const {
    if (words.empty()) return Help{};
    std::string topic = to_lower(words.front().raw);
    const auto verb = find_verb(topic);
    if (verb == Verb::kHelp) topic = "help";
    const bool known = verb || topic == "update" || topic == "users" || topic == "status";
    if (words.size() == 1 && known) return Help{topic};
    if (words.size() == 1) return doubts::no_such_help(words.front().raw, nearest_topic(topic));
    return doubts::verb_then_prose("help", "help", joined(words_));
  }

  static std::string_view nearest_topic(std::string_view topic) {
    if (scope_of({topic})) return "list";
    const Synonym synonym = synonym_of(topic);
    if (synonym.known) return synonym.verb.empty() ? "update" : synonym.verb;
    return mistyped_verb(topic, true);
  }

  Words words_;
  const StatusSet& statuses_;
};

}  // namespace

Command parse(std::string_view text, const StatusSet& statuses) {
  std::string repaired;
  if (ascii_bytes(text) < text.size()) text = repaired = to_valid_utf8(text);
  const std::vector<Token> words = tokenize(text);
  return Parser(words, statuses).command();
}

}  // namespace slack::incident

#include "slack/incident/phrases.h"

#include <algorithm>

#include "crdt/check.h"
#include "slack/ascii.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

constexpr std::size_t kQuotedCharsMax = 120;  // Of a text inside a sentence.
constexpr std::size_t kStatusCharsMax = 40;   // Ours have at most 32; a peer's may be anything.
constexpr std::size_t kNameCharsMax = 80;     // Slack's limit for a display name.
constexpr std::size_t kCodeCharsMax = 400;    // The longest suggestion and the command's name.

std::string cut(std::string_view plain, std::size_t chars_max) {
  std::string out;
  append_escaped_cut(out, plain, chars_max);
  return out;
}

std::string shown(std::string_view plain, std::size_t chars_max) {
  std::string out;
  append_shown(out, plain, chars_max);
  return out;
}

// What `author` did to get `value`: "set !done", "took <@U1> off", "took it".
std::string deed(const Notice& notice, std::string_view value, std::string_view author) {
  switch (notice.subject) {
    case Subject::kText:
      return "wrote " + value_phrase(notice.subject, notice.user, value);
    case Subject::kStatus:
      return "set " + value_phrase(notice.subject, notice.user, value);
    case Subject::kAssignee:
      if (notice.user == author) return value == kAssigned ? "took it" : "dropped it";
      return value == kAssigned ? "assigned " + mention(notice.user)
                                : "took " + mention(notice.user) + " off";
  }
  CHECK(false);
}

// "8 s before", "in the same second".
std::string distance(std::chrono::seconds apart, std::string_view direction) {
  const auto count = apart.count();
  if (count == 0) return "in the same second";
  const std::string amount = count < 60     ? std::to_string(count) + " s"
                             : count < 3600 ? std::to_string(count / 60) + " min"
                                            : std::to_string(count / 3600) + " h";
  return amount + ' ' + std::string(direction);
}

std::string already(const Notice& notice, const Audience& audience) {
  const bool mine = notice.user == audience.author;
  switch (notice.subject) {
    case Subject::kText:
      return '#' + notice.task + " reads like that already.";
    case Subject::kStatus:
      return '#' + notice.task + " is " + value_phrase(notice.subject, "", notice.yours) +
             " already.";
    case Subject::kAssignee:
      if (notice.yours == kAssigned) {
        return (mine ? "You have #" : mention(notice.user) + " has #") + notice.task + " already.";
      }
      return (mine ? "You do not have #" : mention(notice.user) + " does not have #") +
             notice.task + '.';
  }
  CHECK(false);
}

}  // namespace

std::string mention(std::string_view user) {
  const bool id = !user.empty() && std::all_of(user.begin(), user.end(),
                                               [](char c) { return is_upper(c) || is_digit(c); });
  if (id && user.size() <= kNameCharsMax) {
    const std::string_view kind = user.starts_with('S') ? "<!subteam^" : "<@";
    return std::string(kind).append(user).append(">");
  }
  if (user.empty()) return "somebody";
  return cut(user.starts_with('@') ? std::string(user) : '@' + std::string(user), kNameCharsMax);
}

std::string code(const Audience& audience, std::string_view rest) {
  std::string text(audience.command);
  if (!rest.empty()) text.append(" ").append(rest);
  std::replace(text.begin(), text.end(), '`', '\'');  // It would end the piece of code.
  return '`' + cut(text, kCodeCharsMax) + '`';
}

std::string value_phrase(Subject subject, std::string_view user, std::string_view value) {
  switch (subject) {
    case Subject::kText:
      return "“" + shown(value, kQuotedCharsMax) + "”";
    case Subject::kStatus:
      return '!' + cut(value, kStatusCharsMax);
    case Subject::kAssignee:
      return mention(user) + (value == kAssigned ? " assigned" : " not assigned");
  }
  CHECK(false);
}

std::string notice_phrase(const Notice& notice, const Audience& audience) {
  const std::string task = '#' + notice.task;
  const std::string other =
      notice.their_author == audience.author ? "you" : mention(notice.their_author);
  const auto value = [&](std::string_view stored) {
    return value_phrase(notice.subject, notice.user, stored);
  };
  const std::string both = task + ": you " + deed(notice, notice.yours, audience.author) + "; " +
                           other + ' ' + deed(notice, notice.theirs, notice.their_author);
  switch (notice.kind) {
    case Notice::Kind::kAlready:
      return already(notice, audience);
    case Notice::Kind::kNotFinished:
      return task + " is not finished.";
    case Notice::Kind::kReplaced:
      return both + ' ' + distance(notice.apart, "before") + ". Kept: " + value(notice.yours) + '.';
    case Notice::Kind::kKeptNewer:
      return both + ' ' + distance(notice.apart, "after") + ". Kept: " + value(notice.theirs) + '.';
    case Notice::Kind::kSettled:
      return task + " had several values. Kept: yours, " + value(notice.yours) + "; not " +
             value(notice.theirs) + " by " + other + '.';
    case Notice::Kind::kRetried:
      return (notice.task.empty() ? "" : task + ": ") +
             "This request was handled before; nothing changed.";
  }
  CHECK(false);
}

}  // namespace slack::incident

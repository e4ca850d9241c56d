// Phrases: the single pieces of an answer, in mrkdwn.
#pragma once

#include <string>
#include <string_view>

#include "slack/incident/decide.h"

namespace slack::incident {

// Who reads the answer, and how they call Muster.
struct Audience {
  std::string_view author;   // Slack user id: "you".
  std::string_view command;  // "/ir", as it is called here.
  bool split = false;        // Some peers are out of reach; say so.
};

// A user's key (command.h) or an author: "<@U1>", "<!subteam^S1>", "@name". What is no id is shown
// as plain text, never as a mention.
[[nodiscard]] std::string mention(std::string_view user);

// "`/ir add ...`", as a piece of code that reads the same whatever `rest` holds.
[[nodiscard]] std::string code(const Audience& audience, std::string_view rest);

// "!done", "“disk full”", "<@U1> assigned": a value as people read it.
[[nodiscard]] std::string value_phrase(Subject subject, std::string_view user,
                                       std::string_view value);

// One sentence, such as "#3: you set !red; <@U2> set !done 8 s before. Kept: !red."
[[nodiscard]] std::string notice_phrase(const Notice& notice, const Audience& audience);

}  // namespace slack::incident

// Tokens: the words of a command, before anybody knows what they mean.
//
// Shape    words are separated by white space and control characters. "<...>" is one word, spaces
//          in its label included. Words from one that opens a double quote, straight or curly, to
//          the next that closes one are literal: nothing in them is a user or a status. Quotes that
//          are never closed are characters like any other.
// Laws     every token is a view into the tokenized text, in order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slack/incident/command.h"

namespace slack::incident {

struct Token {
  std::string_view raw;
  bool literal = false;
};

// A command has at most 8,000 characters; this many words are parsed, the rest is one last word.
inline constexpr std::size_t kTokensMax = 4000;

[[nodiscard]] std::vector<Token> tokenize(std::string_view text);

// "3", "#3", "7b", "7b-3f2a". Tasks count from 1 to kTaskNumberMax.
[[nodiscard]] std::optional<TaskRef> parse_ref(std::string_view word);

// Whether the word is all number: a task's, or "-1", "0", "3,4", "1.5". An address has more dots.
[[nodiscard]] bool is_number(std::string_view word);

// A user's key (command.h): a mention, "me", or "@name". One comma behind it is forgiven.
// "@here", "@channel" and "@everyone" are nobody's names.
[[nodiscard]] std::optional<std::string> parse_user(std::string_view word);

// What follows '!' in a word that could be meant as a status: a letter, then letters, digits, '-',
// '_'.
// "!", "!!" and "!=" are just text.
[[nodiscard]] std::optional<std::string_view> parse_status(std::string_view word);

}  // namespace slack::incident

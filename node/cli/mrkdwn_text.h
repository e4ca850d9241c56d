// Slack's mrkdwn, as a terminal can show it.
//
// Shape    <@U1> becomes @name, <#C1|x> #x, <url|label> the label, <!date^...|x> x, :red_circle: a
//          glyph, *bold* _italic_ ~strike~ `code` escapes on a terminal; &amp; &lt; &gt; are undone
//          last, so that what a person typed never turns into markup.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace node::cli {

// How the terminal at hand shows text.
struct TextStyle {
  bool colours = false;  // Escape sequences; only where a person watches.
  std::map<std::string, std::string, std::less<>> names;  // "U0ANN" to "ann".
};

// Wraps text in an escape sequence such as "1" (bold) or "31" (red), where colours are on.
[[nodiscard]] std::string paint(const TextStyle& style, std::string_view code,
                                std::string_view text);

[[nodiscard]] std::string mrkdwn_to_text(std::string_view mrkdwn, const TextStyle& style);

// plain_text objects: emoji and entities only.
[[nodiscard]] std::string plain_to_text(std::string_view plain);

}  // namespace node::cli

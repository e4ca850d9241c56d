// Mrkdwn: Slack's text format on the wire, and the plain text behind it.
//
// Shape    plain text is what people read and what documents store: "a < b, ask @ann". On the wire
//          '&', '<' and '>' stand as entities, and '<...>' is a mention, a link or a broadcast.
// Laws     unescape(escape(x)) == x. plain_text never yields something that escape would turn back
//          into a mention, a link or a broadcast: a stored "<!channel>" is seven harmless
//          characters.
// Source   docs.slack.dev/messaging/formatting-message-text
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slack {

// '&', '<' and '>' as entities and nothing else, exactly once.
void append_escaped(std::string& out, std::string_view plain);
[[nodiscard]] std::string escape(std::string_view plain);

// As append_escaped, but adds at most `chars_max` code points, the last one an ellipsis where
// something was left out. Never cuts a code point or an entity. REQUIRES chars_max >= 1.
void append_escaped_cut(std::string& out, std::string_view plain, std::size_t chars_max);

// As append_escaped_cut, but the first kIdsShownMax words that are ids, "@U012AB3CD" and
// "#C012AB3CD", become mentions, which Slack shows as names: two code points more each.
inline constexpr std::size_t kIdsShownMax = 10;
void append_shown(std::string& out, std::string_view plain, std::size_t chars_max);

// Whether `text` looks like an id of Slack's, "U012AB3CD": its kind among `kinds`, then eight or
// more capitals and digits, one digit at least.
[[nodiscard]] bool looks_like_id(std::string_view text, std::string_view kinds);

// The inverse of escape; other entities stay as they are.
[[nodiscard]] std::string unescape(std::string_view escaped);

// What Slack sent, as people would read it: "<@U1|ann>" is "@ann", "<!here>" is "@here", a link is
// its address with its label before it, entities are characters, control characters are spaces.
[[nodiscard]] std::string plain_text(std::string_view wire);

}  // namespace slack

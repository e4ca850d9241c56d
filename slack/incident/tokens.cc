#include "slack/incident/tokens.h"

#include <algorithm>
#include <array>

#include "slack/ascii.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

constexpr std::size_t kDigitsMax = 9;    // kTaskNumberMax has nine.
constexpr std::size_t kIdCharsMax = 32;  // Slack's have 9 to 11 today.
constexpr std::size_t kTaskIdCharsMax = 16;
constexpr std::size_t kNameBytesMax = 80;  // Slack's limit for a display name.
constexpr std::uint32_t kNoBreakSpace = 0xA0;
constexpr std::uint32_t kWideSpace = 0x3000;

constexpr std::array<std::string_view, 3> kOpeningQuotes{"\"", "“", "”"};
constexpr std::array<std::string_view, 3> kClosingQuotes{"\"", "”", "“"};
constexpr std::array<std::string_view, 3> kBroadcasts{"here", "channel", "everyone"};

bool separates(const CodePoint& point) {
  return point.value <= 0x20 || (point.value >= 0x7F && point.value <= kNoBreakSpace) ||
         point.value == kWideSpace;
}

// How many octets the word at the front takes; "<...>" counts as one piece. REQUIRES no separator
// at the front.
std::size_t word_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '<') {
      const std::size_t close = text.find('>', at);
      at = close == std::string_view::npos ? at + 1 : close + 1;
      continue;
    }
    const bool plain = text[at] > ' ' && text[at] < '\x7F';  // Most are.
    const CodePoint point = plain ? CodePoint{} : first_code_point(text.substr(at));
    if (!plain && separates(point)) break;
    at += point.bytes;
  }
  return at;
}

std::size_t opening_quote_bytes(std::string_view word) {
  for (const std::string_view quote : kOpeningQuotes) {
    if (word.starts_with(quote)) return quote.size();
  }
  return 0;
}

bool closes_quote(std::string_view word) {
  return std::any_of(kClosingQuotes.begin(), kClosingQuotes.end(),
                     [&](std::string_view quote) { return word.ends_with(quote); });
}

void mark_literals(std::vector<Token>& tokens) {
  for (std::size_t first = 0; first < tokens.size(); ++first) {
    const std::size_t quote = opening_quote_bytes(tokens[first].raw);
    if (quote == 0) continue;
    std::size_t last = first;
    // The quote that opens a word does not close it.
    if (!closes_quote(tokens[first].raw.substr(quote))) {
      do ++last;
      while (last < tokens.size() && !closes_quote(tokens[last].raw));
    }
    if (last == tokens.size()) return;
    for (std::size_t i = first; i <= last; ++i) tokens[i].literal = true;
    first = last;
  }
}

std::string_view without_comma(std::string_view word) {
  if (word.ends_with(',')) word.remove_suffix(1);
  return word;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdCharsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_upper(c) || is_digit(c); });
}

// "@U1|ann" or "!subteam^S1|@ops": what stands between '<' and '>'.
std::optional<std::string> mentioned(std::string_view inside) {
  constexpr std::string_view kGroup = "!subteam^";
  const std::string_view target = inside.substr(0, inside.find('|'));
  std::string_view id;
  if (target.starts_with('@')) id = target.substr(1);
  if (target.starts_with(kGroup) && target.substr(kGroup.size()).starts_with('S')) {
    id = target.substr(kGroup.size());
  }
  if (!is_id(id)) return std::nullopt;
  return std::string(id);
}

// How a task's id may begin.
bool is_id_front(std::string_view text) {
  const auto hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return !text.empty() && text.size() <= kTaskIdCharsMax &&
         std::all_of(text.begin(), text.end(), hex);
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && text.size() <= kNameBytesMax && text.back() != '.' &&
         std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  constexpr std::size_t kTokensExpected = 16;
  std::vector<Token> tokens;
  tokens.reserve(kTokensExpected);
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (separates(point)) {
      text.remove_prefix(point.bytes);
      continue;
    }
    const std::size_t size = tokens.size() + 1 < kTokensMax ? word_bytes(text) : text.size();
    tokens.push_back({text.substr(0, size), false});
    text.remove_prefix(size);
  }
  mark_literals(tokens);
  return tokens;
}

std::optional<TaskRef> parse_ref(std::string_view word) {
  if (word.starts_with('#')) word.remove_prefix(1);
  TaskRef ref;
  if (const std::size_t dash = word.find('-'); dash != std::string_view::npos) {
    ref.id = to_lower(word.substr(dash + 1));
    word = word.substr(0, dash);
    // Without a letter it is "7-10", which is no task's.
    if (!is_id_front(ref.id) || word.empty() || !is_letter(word.back())) return std::nullopt;
  }
  if (!word.empty() && is_letter(word.back())) {
    ref.letter = to_lower(word.back());
    word.remove_suffix(1);
  }
  if (word.empty() || word.size() > kDigitsMax) return std::nullopt;
  for (const char c : word) {
    if (!is_digit(c)) return std::nullopt;
    ref.number = ref.number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (ref.number == 0) return std::nullopt;
  return ref;
}

bool is_number(std::string_view word) {
  if (!word.empty() && is_letter(word.back())) word.remove_suffix(1);
  const auto allowed = [](char c) {
    return is_digit(c) || std::string_view("#+-,.").find(c) != std::string_view::npos;
  };
  return std::any_of(word.begin(), word.end(), is_digit) &&
         std::all_of(word.begin(), word.end(), allowed) &&
         std::count(word.begin(), word.end(), '.') <= 1;
}

std::optional<std::string> parse_user(std::string_view word) {
  word = without_comma(word);
  if (word.starts_with('<') && word.ends_with('>')) {
    return mentioned(word.substr(1, word.size() - 2));
  }
  const std::string_view name = word.starts_with('@') ? word.substr(1) : std::string_view{};
  const std::string lower = to_lower(word);
  if (lower == kMe || lower == "@me") return std::string(kMe);
  if (looks_like_id(name, "UWS")) return std::string(name);  // As questions show one.
  if (!is_name(name)) return std::nullopt;
  if (std::find(kBroadcasts.begin(), kBroadcasts.end(), to_lower(name)) != kBroadcasts.end()) {
    return std::nullopt;
  }
  return std::string(word);
}

std::optional<std::string_view> parse_status(std::string_view word) {
  word = without_comma(word);
  if (word.size() < 2 || word[0] != '!' || !is_letter(word[1])) return std::nullopt;
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  if (!std::all_of(word.begin() + 1, word.end(), allowed)) return std::nullopt;
  return word.substr(1);
}

}  // namespace slack::incident

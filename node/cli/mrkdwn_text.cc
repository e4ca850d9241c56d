#include "node/cli/mrkdwn_text.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace node::cli {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<Pair, 30> kEmoji = {{
    {"red_circle", "🔴"},
    {"large_yellow_circle", "🟡"},
    {"yellow_circle", "🟡"},
    {"large_green_circle", "🟢"},
    {"green_circle", "🟢"},
    {"white_circle", "⚪"},
    {"black_circle", "⚫"},
    {"large_blue_circle", "🔵"},
    {"large_orange_circle", "🟠"},
    {"white_check_mark", "✅"},
    {"heavy_check_mark", "✔"},
    {"ballot_box_with_check", "☑"},
    {"x", "❌"},
    {"no_entry", "⛔"},
    {"no_entry_sign", "🚫"},
    {"warning", "⚠"},
    {"bust_in_silhouette", "👤"},
    {"busts_in_silhouette", "👥"},
    {"fire", "🔥"},
    {"rotating_light", "🚨"},
    {"hourglass", "⌛"},
    {"hourglass_flowing_sand", "⏳"},
    {"information_source", "ℹ"},
    {"question", "❓"},
    {"grey_question", "❔"},
    {"zap", "⚡"},
    {"link", "🔗"},
    {"pushpin", "📌"},
    {"memo", "📝"},
    {"tada", "🎉"},
}};

constexpr std::array<Pair, 3> kEntities = {{{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

// ":name:" at the front of `text`, as its glyph and its length.
std::optional<std::pair<std::string_view, std::size_t>> emoji_at(std::string_view text) {
  const std::size_t end = text.find(':', 1);
  if (end == std::string_view::npos) return std::nullopt;
  for (const auto& [name, glyph] : kEmoji) {
    if (text.substr(1, end - 1) == name) return std::pair(glyph, end + 1);
  }
  return std::nullopt;
}

std::optional<Pair> entity_at(std::string_view text) {
  for (const Pair& entity : kEntities) {
    if (text.starts_with(entity.first)) return entity;
  }
  return std::nullopt;
}

// What stands between < and >.
std::string reference(std::string_view inside, const TextStyle& style) {
  const std::size_t bar = inside.find('|');
  const std::string_view id = inside.substr(0, bar);
  const std::string label(bar == std::string_view::npos ? "" : inside.substr(bar + 1));
  if (id.starts_with("@")) {
    const auto known = style.names.find(id.substr(1));
    const std::string name = known != style.names.end() ? known->second : label;
    return paint(style, "36", "@" + (name.empty() ? std::string(id.substr(1)) : name));
  }
  if (id.starts_with("#")) return "#" + (label.empty() ? std::string(id.substr(1)) : label);
  if (id.starts_with("!subteam^")) return label.empty() ? "@" + std::string(id.substr(9)) : label;
  if (id.starts_with("!")) return label.empty() ? "@" + std::string(id.substr(1)) : label;
  return paint(style, "4", plain_to_text(label.empty() ? id : std::string_view(label)));
}

// The end of the run that the marker at `start` opens, or npos: a marker opens before and closes
// behind something, at the edge of a word, within one line.
std::size_t closing_marker(std::string_view text, std::size_t start) {
  const char marker = text[start];
  if (start > 0 && is_word(text[start - 1])) return std::string_view::npos;
  if (start + 1 >= text.size() || text[start + 1] == ' ') return std::string_view::npos;
  for (std::size_t at = start + 1; at < text.size() && text[at] != '\n'; ++at) {
    const bool at_edge = at + 1 == text.size() || !is_word(text[at + 1]);
    if (text[at] == marker && at > start + 1 && text[at - 1] != ' ' && at_edge) return at;
  }
  return std::string_view::npos;
}

std::string emphasised(char marker, std::string_view inside, const TextStyle& style) {
  if (marker == '`') return paint(style, "33", plain_to_text(inside));
  const std::string text = mrkdwn_to_text(inside, style);
  if (marker == '*') return paint(style, "1", text);
  if (marker == '_') return paint(style, "3", text);
  return style.colours ? paint(style, "9", text) : "~" + text + "~";  // Struck out means something.
}

}  // namespace

std::string paint(const TextStyle& style, std::string_view code, std::string_view text) {
  if (!style.colours || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string mrkdwn_to_text(std::string_view text, const TextStyle& style) {
  constexpr std::string_view kMarkers = "*_~`";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.front() == '<') {
      const std::size_t end = rest.find('>');
      if (end != std::string_view::npos) {
        out += reference(rest.substr(1, end - 1), style);
        at += end + 1;
        continue;
      }
    }
    if (const auto emoji = rest.front() == ':' ? emoji_at(rest) : std::nullopt) {
      out += emoji->first;
      at += emoji->second;
      continue;
    }
    if (const auto entity = entity_at(rest)) {
      out += entity->second;
      at += entity->first.size();
      continue;
    }
    if (kMarkers.find(rest.front()) != std::string_view::npos) {
      const std::size_t end = closing_marker(text, at);
      if (end != std::string_view::npos) {
        out += emphasised(rest.front(), text.substr(at + 1, end - at - 1), style);
        at = end + 1;
        continue;
      }
    }
    out += rest.front();
    ++at;
  }
  return out;
}

std::string plain_to_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto emoji = text.front() == ':' ? emoji_at(text) : std::nullopt;
    const auto entity = entity_at(text);
    const std::size_t used = emoji ? emoji->second : entity ? entity->first.size() : 1;
    out += emoji ? emoji->first : entity ? entity->second : text.substr(0, 1);
    text.remove_prefix(used);
  }
  return out;
}

}  // namespace node::cli

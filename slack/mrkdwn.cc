#include "slack/mrkdwn.h"

#include <algorithm>
#include <array>
#include <utility>

#include "slack/ascii.h"
#include "slack/utf8.h"

namespace slack {
namespace {

constexpr std::size_t kIdCharsMin = 9;  // Slack's have 9 to 11 today; "@HOME" is no id.
constexpr std::size_t kIdCharsMax = 32;

constexpr std::string_view kEllipsis = "…";

constexpr std::array<std::pair<char, std::string_view>, 3> kEntities{
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}}};

// The entity that stands for `c`, or nothing.
std::string_view entity_of(char c) {
  for (const auto& [plain, entity] : kEntities) {
    if (plain == c) return entity;
  }
  return {};
}

// Room that one code point at the front of `plain` takes on the wire, in code points.
std::size_t wire_chars(std::string_view plain) {
  const std::string_view entity = entity_of(plain.front());
  return entity.empty() ? 1 : entity.size();
}

bool starts_ignoring_scheme(std::string_view url, std::string_view label) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos && url.substr(scheme + 3) == label) return true;
  return url == label || (url.starts_with("mailto:") && url.substr(7) == label);
}

// What stands between '<' and '>', as people would read it.
std::string reference_text(std::string_view inside) {
  const std::size_t bar = inside.find('|');
  const bool labelled = bar != std::string_view::npos && bar + 1 < inside.size();
  const std::string_view target = inside.substr(0, bar);
  const std::string label = unescape(labelled ? inside.substr(bar + 1) : std::string_view{});
  const char kind = target.empty() ? '\0' : target.front();
  if (kind == '@' || kind == '#') {
    const std::string name = labelled ? label : unescape(target.substr(1));
    return name.starts_with(kind) ? name : kind + name;
  }
  if (kind == '!') {
    const std::string name = labelled ? label : unescape(target.substr(1));
    // A date's fallback is words; everything else behind '!' calls somebody.
    return name.starts_with('@') || target.starts_with("!date") ? name : '@' + name;
  }
  const std::string url = unescape(target);
  if (!labelled || starts_ignoring_scheme(url, label)) return url;
  return label + " (" + url + ')';
}

// C0, DEL, and C1, which UTF-8 spells as C2 80 to C2 9F.
bool is_control(const CodePoint& point) {
  return point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
}

void append_readable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto odd = std::find_if(text.begin(), text.end(), [](char c) {
      const auto octet = static_cast<unsigned char>(c);
      return octet < 0x20 || octet >= 0x7F;
    });
    const auto plain = static_cast<std::size_t>(odd - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const CodePoint point = first_code_point(text);
    if (!point.valid) {
      out += kReplacement;
    } else if (is_control(point)) {
      out += ' ';
    } else {
      out += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
}

bool in_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// The id behind the '@' or '#' at the front of `text`, or nothing.
std::string_view id_at(std::string_view text) {
  const auto end = std::find_if_not(text.begin() + 1, text.end(), in_word);
  const auto id = text.substr(1, static_cast<std::size_t>(end - text.begin()) - 1);
  return looks_like_id(id, text.front() == '@' ? "UW" : "CG") ? id : std::string_view{};
}

}  // namespace

bool looks_like_id(std::string_view text, std::string_view kinds) {
  return text.size() >= kIdCharsMin && text.size() <= kIdCharsMax &&
         kinds.find(text.front()) != std::string_view::npos &&
         std::any_of(text.begin(), text.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_upper(c) || is_digit(c); });
}

void append_shown(std::string& out, std::string_view plain, std::size_t chars_max) {
  constexpr std::string_view kSigils = "@#";
  if (plain.find_first_of(kSigils) == std::string_view::npos) {
    return append_escaped_cut(out, plain, chars_max);
  }
  std::string escaped;
  append_escaped_cut(escaped, plain, chars_max);
  std::string_view rest = escaped;
  for (std::size_t shown = 0, at = 0; (at = rest.find_first_of(kSigils, at)) != rest.npos;) {
    const bool begins = at == 0 || !in_word(rest[at - 1]);
    const std::string_view id = begins ? id_at(rest.substr(at)) : std::string_view{};
    if (id.empty()) {
      ++at;
      continue;
    }
    out.append(rest.substr(0, at)).append("<").append(rest.substr(at, 1 + id.size())).append(">");
    rest.remove_prefix(at + 1 + id.size());
    at = 0;
    if (++shown == kIdsShownMax) break;
  }
  out += rest;
}

void append_escaped(std::string& out, std::string_view plain) {
  while (!plain.empty()) {
    const auto special = std::find_if(plain.begin(), plain.end(),
                                      [](char c) { return c == '&' || c == '<' || c == '>'; });
    const auto run = static_cast<std::size_t>(special - plain.begin());
    out += plain.substr(0, run);
    plain.remove_prefix(run);
    if (plain.empty()) return;
    out += entity_of(plain.front());
    plain.remove_prefix(1);
  }
}

std::string escape(std::string_view plain) {
  std::string out;
  out.reserve(plain.size());
  append_escaped(out, plain);
  return out;
}

void append_escaped_cut(std::string& out, std::string_view plain, std::size_t chars_max) {
  // Short enough even if every octet were an entity of five: most texts are.
  if (plain.size() * 5 <= chars_max) return append_escaped(out, plain);
  std::size_t used = 0;
  std::size_t end_with_ellipsis = 0;  // How much of `plain` fits with an ellipsis behind it.
  std::size_t at = 0;
  while (at < plain.size()) {
    used += wire_chars(plain.substr(at));
    if (used > chars_max) {
      append_escaped(out, plain.substr(0, end_with_ellipsis));
      out += kEllipsis;
      return;
    }
    at += first_code_point(plain.substr(at)).bytes;
    if (used < chars_max) end_with_ellipsis = at;
  }
  append_escaped(out, plain);
}

std::string unescape(std::string_view escaped) {
  std::string out;
  out.reserve(escaped.size());
  while (!escaped.empty()) {
    const std::size_t plain = std::min(escaped.find('&'), escaped.size());
    out += escaped.substr(0, plain);
    escaped.remove_prefix(plain);
    if (escaped.empty()) break;
    std::size_t taken = 1;
    char c = '&';
    for (const auto& [character, entity] : kEntities) {
      if (!escaped.starts_with(entity)) continue;
      c = character;
      taken = entity.size();
    }
    out += c;
    escaped.remove_prefix(taken);
  }
  return out;
}

std::string plain_text(std::string_view wire) {
  std::string joined;
  joined.reserve(wire.size());
  while (!wire.empty()) {
    const std::size_t open = std::min(wire.find('<'), wire.size());
    joined += unescape(wire.substr(0, open));
    wire.remove_prefix(open);
    if (wire.empty()) break;
    const std::size_t close = wire.find('>');
    if (close == std::string_view::npos) {
      joined += unescape(wire);
      break;
    }
    joined += reference_text(wire.substr(1, close - 1));
    wire.remove_prefix(close + 1);
  }
  std::string out;
  out.reserve(joined.size());
  append_readable(out, joined);
  return out;
}

}  // namespace slack

#include "slack/form.h"

#include <algorithm>
#include <optional>

namespace slack {
namespace {

constexpr std::size_t kFieldsExpected = 20;  // A slash command's, so that parsing allocates once.

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How many octets at the front of `text` stand for themselves.
std::size_t plain_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != '%' && text[at] != '+') ++at;
  return at;
}

bool stands_for_itself(std::string_view text) {
  return text.find('%') == std::string_view::npos && text.find('+') == std::string_view::npos;
}

// Writes `text` decoded to `out`, which has room for its size, and moves `out` behind it. Nothing
// where a '%' is without its digits.
std::optional<std::string_view> decode(std::string_view text, char*& out) {
  const char* const begin = out;
  while (true) {
    const std::size_t plain = plain_bytes(text);
    out = std::copy_n(text.data(), plain, out);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.front() == '+') {
      *out++ = ' ';
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const int high = hex_digit(text[1]);
    const int low = hex_digit(text[2]);
    if (high < 0 || low < 0) return std::nullopt;
    *out++ = static_cast<char>(high * 16 + low);
    text.remove_prefix(3);
  }
  return std::string_view(begin, static_cast<std::size_t>(out - begin));
}

void encode(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '*';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

}  // namespace

crdt::Result<Form> Form::parse(std::string_view body) {
  Form form;
  form.fields_.reserve(kFieldsExpected);
  form.octets_ = std::make_unique_for_overwrite<char[]>(body.size());
  char* out = form.octets_.get();
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view piece = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (piece.empty()) continue;
    if (form.fields_.size() == kFormFieldsMax) return crdt::Error("the form has too many fields");
    const bool plain = stands_for_itself(piece);
    const auto text = [&](std::string_view raw) {
      return plain ? std::optional(raw) : decode(raw, out);
    };
    const std::size_t equals = std::min(piece.find('='), piece.size());
    const auto name = text(piece.substr(0, equals));
    const auto value = text(piece.substr(std::min(equals + 1, piece.size())));
    if (!name || !value) return crdt::Error("the form has a '%' without two hex digits after it");
    for (const Field& field : form.fields_) {
      if (field.name == *name) return crdt::Error("the form has a field twice");
    }
    form.fields_.push_back({*name, *value});
  }
  return form;
}

std::string_view Form::at(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string form_encode(std::string_view name, std::string_view value) {
  std::string out;
  encode(out, name);
  out += '=';
  encode(out, value);
  return out;
}

}  // namespace slack

#include "slack/json_writer.h"

#include <array>
#include <charconv>

#include "crdt/check.h"
#include "slack/utf8.h"

namespace slack {
namespace {

constexpr bool needs_care(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\';
}

// The text form of a character below U+0080 that may not stand for itself.
void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00").append({kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

}  // namespace

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  const std::uint32_t bit = 1U << depth_;
  if (filled_ & bit) {
    CHECK(depth_ > 0);  // One value at the top.
    out_ += ',';
  }
  filled_ |= bit;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  CHECK(depth_ + 1 < kDepthMax);
  ++depth_;
  filled_ &= ~(1U << depth_);
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  CHECK(depth_ > 0 && !after_key_);
  --depth_;
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  CHECK(depth_ > 0 && !after_key_);
  separate();
  quote(name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  separate();
  quote(value);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  std::array<char, 20> digits;  // -9223372036854775808
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_.append(digits.data(), end);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::field(std::string_view name, std::string_view value) {
  return key(name).string(value);
}

void JsonWriter::quote(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && !needs_care(text[plain])) ++plain;
    out_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const CodePoint point = first_code_point(text);
    if (!point.valid) {
      out_ += kReplacement;
    } else if (point.value < 0x80) {
      append_escape(out_, text.front());
    } else {
      out_ += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  out_ += '"';
}

}  // namespace slack

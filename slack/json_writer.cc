#include "slack/json_writer.h"

#include <array>
#include <charconv>
#include <cstring>

#include "slack/utf8.h"

namespace slack {
namespace {

constexpr bool needs_care(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\';
}

// By octet: short keys and the ends of values are looked up one by one.
constexpr auto kNeedsCare = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = needs_care(static_cast<char>(i));
  return table;
}();

// Whether any of eight octets may need care; never says no where one does.
bool any_needs_care(const char* eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = kOnes << 7;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof(word));
  const auto below = [](std::uint64_t octets, std::uint64_t limit) {
    return octets - kOnes * limit;  // A high bit rises in each octet that borrows.
  };
  const std::uint64_t flags = word | (word + kOnes) | below(word, 0x20) |
                              below(word ^ (kOnes * '"'), 1) | below(word ^ (kOnes * '\\'), 1);
  return (flags & kHighs) != 0;
}

// How many octets at the front of `text` stand for themselves.
std::size_t plain_bytes(std::string_view text) {
  std::size_t at = 0;
  while (text.size() - at >= sizeof(std::uint64_t) && !any_needs_care(text.data() + at)) {
    at += sizeof(std::uint64_t);
  }
  while (at < text.size() && !kNeedsCare[static_cast<unsigned char>(text[at])]) ++at;
  return at;
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
  if (plain_bytes(text) == text.size()) {
    out_ += text;
  } else {
    append_with_care(text);
  }
  out_ += '"';
}

void JsonWriter::append_with_care(std::string_view text) {
  std::size_t copied = 0;
  std::size_t at = 0;
  while ((at += plain_bytes(text.substr(at))) < text.size()) {
    const CodePoint point = first_code_point(text.substr(at));
    const std::size_t end = at + point.bytes;
    if (!point.valid || point.value < 0x80) {
      out_ += text.substr(copied, at - copied);
      if (point.valid) append_escape(out_, text[at]);
      if (!point.valid) out_ += kReplacement;
      copied = end;
    }
    at = end;
  }
  out_ += text.substr(copied);
}

}  // namespace slack

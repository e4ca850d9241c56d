// UTF-8: text as code points, without trusting that it is text.
//
// Laws     every function takes any bytes. One octet that starts no valid sequence is one
//          "character" that reads as U+FFFD, as WHATWG decoders show it, so lengths and cuts are
//          always defined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slack {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;  // How many octets it took.
  bool valid = true;      // False: the octet is not UTF-8 and value is U+FFFD.
};

// The code point at the front. REQUIRES a non-empty text.
[[nodiscard]] CodePoint first_code_point(std::string_view text);

// How many octets at the front are ASCII.
[[nodiscard]] std::size_t ascii_bytes(std::string_view text);

// How many code points.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Valid UTF-8: what is not becomes U+FFFD, the rest stays.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace slack

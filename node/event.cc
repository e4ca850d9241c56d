#include "node/event.h"

#include <array>

namespace node {

std::string to_string(const Uuid& uuid) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 36> text;
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text[at++] = '-';
    const std::uint64_t half = nibble < 16 ? uuid.high : uuid.low;
    text[at++] = kDigits[half >> (4 * (15 - nibble % 16)) & 15];
  }
  return {text.data(), at};
}

}  // namespace node

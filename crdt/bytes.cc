#include "crdt/bytes.h"

#include "crdt/check.h"

namespace crdt {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(BytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  char* digit = text.data();
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    *digit++ = kDigits[octet >> 4];
    *digit++ = kDigits[octet & 15];
  }
  return text;
}

Bytes from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return {};
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

Bytes big_endian(std::uint64_t value) {
  const auto octet = [value](int shift) { return static_cast<char>(value >> shift); };
  return {octet(56), octet(48), octet(40), octet(32), octet(24), octet(16), octet(8), octet(0)};
}

std::uint64_t from_big_endian(BytesView eight) {
  CHECK(eight.size() == 8);
  const auto octet = [eight](int i) {
    return std::uint64_t{static_cast<unsigned char>(eight[static_cast<std::size_t>(i)])};
  };
  return octet(0) << 56 | octet(1) << 48 | octet(2) << 40 | octet(3) << 32 | octet(4) << 24 |
         octet(5) << 16 | octet(6) << 8 | octet(7);
}

}  // namespace crdt

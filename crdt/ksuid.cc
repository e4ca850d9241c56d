#include "crdt/ksuid.h"

#include <algorithm>
#include <array>
#include <limits>

namespace crdt {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::uint32_t kBase = 62;
static_assert(kDigits.size() == kBase);

// The 160 bits as five words, the most significant first.
using Words = std::array<std::uint32_t, 5>;

Words words_of(const Ksuid& id) {
  const auto upper = [](std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); };
  const auto lower = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  return {id.seconds, upper(id.payload.high), lower(id.payload.high), upper(id.payload.low),
          lower(id.payload.low)};
}

Ksuid from_words(const Words& words) {
  const auto join = [](std::uint64_t upper, std::uint64_t lower) { return upper << 32 | lower; };
  return {words[0], {join(words[1], words[2]), join(words[3], words[4])}};
}

// Divides in place and returns the remainder.
std::uint32_t divide(Words& words, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::uint32_t& word : words) {
    const std::uint64_t value = rest << 32 | word;
    word = static_cast<std::uint32_t>(value / divisor);
    rest = value % divisor;
  }
  return static_cast<std::uint32_t>(rest);
}

// words = words * factor + addend; false where that needs more than 160 bits.
bool multiply_add(Words& words, std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const std::uint64_t value = std::uint64_t{*word} * factor + carry;
    *word = static_cast<std::uint32_t>(value);
    carry = value >> 32;
  }
  return carry == 0;
}

}  // namespace

Ksuid ksuid_at(WallTime time, const RequestId& payload) {
  const auto since_unix = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t seconds = std::clamp<std::int64_t>(since_unix - kKsuidEpochSeconds, 0, kMost);
  return {static_cast<std::uint32_t>(seconds), payload};
}

WallTime time_of(const Ksuid& id) {
  return WallTime(std::chrono::seconds(kKsuidEpochSeconds + id.seconds));
}

Bytes to_bytes(const Ksuid& id) {
  return big_endian(id.seconds).substr(4) + big_endian(id.payload.high) +
         big_endian(id.payload.low);
}

Result<Ksuid> ksuid_from_bytes(BytesView bytes) {
  if (bytes.size() != kKsuidBytes) return Error("a KSUID has 20 octets");
  const std::uint64_t seconds = from_big_endian(Bytes(4, '\0') + Bytes(bytes.substr(0, 4)));
  return Ksuid{static_cast<std::uint32_t>(seconds),
               {from_big_endian(bytes.substr(4, 8)), from_big_endian(bytes.substr(12, 8))}};
}

std::string to_string(const Ksuid& id) {
  Words words = words_of(id);
  std::string text(kKsuidTextBytes, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
    *digit = kDigits[divide(words, kBase)];
  }
  return text;
}

Result<Ksuid> parse_ksuid(std::string_view text) {
  if (text.size() != kKsuidTextBytes) return Error("a KSUID has 27 characters");
  Words words{};
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return Error("a KSUID consists of digits and letters");
    if (!multiply_add(words, kBase, static_cast<std::uint32_t>(digit))) {
      return Error("this text is past the greatest KSUID");
    }
  }
  return from_words(words);
}

}  // namespace crdt

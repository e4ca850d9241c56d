#include "crdt/handled_mark.h"

namespace crdt {
namespace {

constexpr std::string_view kPrefix = "h/";
constexpr std::size_t kWordDigits = 16;  // Of 64 bits in hexadecimal.

// Lower-case digits only: each request has one path.
std::optional<std::uint64_t> parse_word(std::string_view digits) {
  std::uint64_t word = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    word = word << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return word;
}

void write_word(std::uint64_t word, char* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = kWordDigits; i > 0; --i, word >>= 4) out[i - 1] = kDigits[word & 15];
}

}  // namespace

std::string handled_path(const RequestId& request) {
  std::string path(kPrefix.size() + 2 * kWordDigits, '/');
  kPrefix.copy(path.data(), kPrefix.size());
  write_word(request.high, path.data() + kPrefix.size());
  write_word(request.low, path.data() + kPrefix.size() + kWordDigits);
  return path;
}

std::optional<RequestId> handled_request(std::string_view path) {
  if (!path.starts_with(kPrefix) || path.size() != kPrefix.size() + 2 * kWordDigits) {
    return std::nullopt;
  }
  const auto high = parse_word(path.substr(kPrefix.size(), kWordDigits));
  const auto low = parse_word(path.substr(kPrefix.size() + kWordDigits));
  if (!high || !low) return std::nullopt;
  return RequestId{*high, *low};
}

std::optional<HandledMark> pack(const Leaf& leaf) {
  const auto request = handled_request(leaf.path);
  const bool fits = request == leaf.stamp.request &&
                    leaf.value.size() <= HandledMark::kNoteBytesMax &&
                    leaf.stamp.author.size() <= HandledMark::kPackedAuthorBytesMax;
  if (!fits) return std::nullopt;
  return HandledMark{*request, leaf.dot, leaf.rank,
                     ShortBytes<HandledMark::kNoteBytesMax>(leaf.value),
                     ShortBytes<HandledMark::kPackedAuthorBytesMax>(leaf.stamp.author)};
}

Leaf unpack(const HandledMark& mark) {
  return {handled_path(mark.request), mark.dot, mark.rank,
          Stamp{mark.request, std::string(mark.author.view())}, Bytes(mark.note.view())};
}

}  // namespace crdt

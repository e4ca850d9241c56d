#include "crdt/handled_mark.h"

#include <charconv>

namespace crdt {
namespace {

constexpr std::string_view kPrefix = "h/";
constexpr std::size_t kWordDigits = 16;  // Of 64 bits in hexadecimal.

// Lower-case digits only: each request has one path.
std::optional<std::uint64_t> parse_word(std::string_view digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (digits.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  std::uint64_t word = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
  return word;
}

}  // namespace

std::string handled_path(const RequestId& request) {
  return std::string(kPrefix) + to_string(request);
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
                    leaf.stamp.author.size() <= HandledMark::kAuthorBytesMax;
  if (!fits) return std::nullopt;
  return HandledMark{*request, leaf.dot, leaf.rank,
                     ShortBytes<HandledMark::kNoteBytesMax>(leaf.value),
                     ShortBytes<HandledMark::kAuthorBytesMax>(leaf.stamp.author)};
}

Leaf unpack(const HandledMark& mark) {
  return {handled_path(mark.request), mark.dot, mark.rank,
          Stamp{mark.request, std::string(mark.author.view())}, Bytes(mark.note.view())};
}

}  // namespace crdt

#include "crdt/handled_mark.h"

#include <bit>

#include "crdt/byte_io.h"
#include "crdt/checksum.h"
#include "crdt/hash64.h"

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

std::uint64_t hash_of(const HandledMark& mark) {
  std::uint64_t hash = mix64(mark.dot.replica.value + mark.dot.counter);
  hash = mix64(hash ^ std::bit_cast<std::uint64_t>(mark.rank.micros));
  hash = mix64(hash ^ mark.request.high) ^ mark.request.low;
  hash = mix64(hash ^ hash64(mark.note.view()));
  return mix64(hash ^ hash64(mark.author.view()));
}

Bytes encode(const HandledMark& mark) {
  ByteWriter out;
  out.reserve(sizeof mark + kChecksumBytes);
  out.number(mark.request.high).number(mark.request.low);
  out.number(mark.dot.replica.value).varint(mark.dot.counter);
  out.number(static_cast<std::uint64_t>(mark.rank.micros));
  return out.short_run(mark.note.view()).short_run(mark.author.view()).take();
}

Result<HandledMark> decode_mark(BytesView bytes) {
  ByteReader in(bytes);
  const RequestId request{in.number(), in.number()};
  const Dot dot{{in.number()}, in.varint()};
  const Rank rank{static_cast<std::int64_t>(in.number())};
  const BytesView note = in.short_run();
  const BytesView author = in.short_run();
  const bool fits = note.size() <= HandledMark::kNoteBytesMax &&
                    author.size() <= HandledMark::kPackedAuthorBytesMax;
  const bool named = dot.replica != ReplicaId{} && dot.counter > 0;
  if (!in.at_end() || !fits || !named) return Error("handled mark makes no sense");
  return HandledMark{request, dot, rank, ShortBytes<HandledMark::kNoteBytesMax>(note),
                     ShortBytes<HandledMark::kPackedAuthorBytesMax>(author)};
}

}  // namespace crdt

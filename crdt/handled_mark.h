// HandledMark: the leaf that marks a request as handled (crdt/handled_set.h), packed.
//
// Marks are by far the most numerous leaves of a busy document and all alike, so a Document keeps
// them in a quarter of a Leaf's memory. pack() and unpack() are inverse; a leaf under a mark's path
// that no mark can express stays a Leaf.
//
// Shape    ordered by request, then dot. The path is "h/<32 hex digits of the request id>".
// Size     64 octets.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crdt/check.h"
#include "crdt/leaf.h"
#include "crdt/result.h"

namespace crdt {

// Up to `kMax` octets in place.
template <std::size_t kMax>
class ShortBytes {
  static_assert(kMax <= 255);

 public:
  // REQUIRES bytes.size() <= kMax.
  explicit ShortBytes(BytesView bytes) : size_(static_cast<std::uint8_t>(bytes.size())) {
    CHECK(bytes.size() <= kMax);
    bytes.copy(octets_.data(), kMax);
  }

  [[nodiscard]] BytesView view() const { return {octets_.data(), size_}; }

  bool operator==(const ShortBytes&) const = default;

 private:
  std::array<char, kMax> octets_{};
  std::uint8_t size_ = 0;
};

struct HandledMark {
  static constexpr std::size_t kNoteBytesMax = 8;           // The number of an event.
  static constexpr std::size_t kPackedAuthorBytesMax = 14;  // What is left of the 64 octets.

  RequestId request;
  Dot dot;
  Rank rank;
  ShortBytes<kNoteBytesMax> note;
  ShortBytes<kPackedAuthorBytesMax> author;

  bool operator==(const HandledMark&) const = default;
};
static_assert(sizeof(HandledMark) == 64);

// Also finds all marks of one request.
struct MarkOrder {
  using is_transparent = void;

  bool operator()(const HandledMark& a, const HandledMark& b) const {
    if (a.request != b.request) return a.request < b.request;
    return a.dot < b.dot;
  }
  bool operator()(const HandledMark& a, const RequestId& b) const { return a.request < b; }
  bool operator()(const RequestId& a, const HandledMark& b) const { return a < b.request; }
};

[[nodiscard]] std::string handled_path(const RequestId& request);

// The inverse; nullopt for every other path.
[[nodiscard]] std::optional<RequestId> handled_request(std::string_view path);

[[nodiscard]] std::optional<HandledMark> pack(const Leaf& leaf);
[[nodiscard]] Leaf unpack(const HandledMark& mark);

// A hash of all of it, for digests. What a mark can express is never a Leaf, so it need not be the
// hash of one.
[[nodiscard]] std::uint64_t hash_of(const HandledMark& mark);

// As it is stored, in the form of crdt/byte_io.h.
[[nodiscard]] Bytes encode(const HandledMark& mark);
[[nodiscard]] Result<HandledMark> decode_mark(BytesView bytes);

}  // namespace crdt

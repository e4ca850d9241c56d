#include "crdt/counter.h"

#include <algorithm>
#include <limits>

#include "crdt/path.h"
#include "crdt/planted.h"

namespace crdt {
namespace {

struct Sums {
  std::uint64_t added = 0;
  std::uint64_t taken = 0;
};

std::uint64_t add_up(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

constexpr std::size_t kSumsBytes = 16;  // Two 64-bit sums.

// What a peer garbles counts as nothing.
Sums decode_sums(BytesView value) {
  if (value.size() != kSumsBytes) return {};
  return {from_big_endian(value.substr(0, 8)), from_big_endian(value.substr(8))};
}

// Sums only grow, so where a path has siblings the greater of each is the later.
Sums sums_of(Document::Siblings siblings) {
  Sums sums;
  for (const Leaf& leaf : siblings) {
    const Sums one = decode_sums(leaf.value);
    sums = {std::max(sums.added, one.added), std::max(sums.taken, one.taken)};
  }
  return sums;
}

// a - b, where a >= b, or the greatest that an int64 holds.
std::int64_t clamped_difference(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(a - b, kMost));
}

}  // namespace

std::string Counter::path(ReplicaId replica) const {
  return child_path(prefix_, to_hex(big_endian(replica.value)));
}

std::int64_t Counter::total(const Document& document) const {
  Sums all;
  for_each_below(document, prefix_, [&](const auto&, const auto& siblings, std::string_view) {
    const Sums sums = sums_of(siblings);
    all = {add_up(all.added, sums.added), add_up(all.taken, sums.taken)};
  });
  return all.added >= all.taken ? clamped_difference(all.added, all.taken)
                                : -clamped_difference(all.taken, all.added);
}

void Counter::add(Edit& edit, std::int64_t amount) const {
  const std::string own = path(planted(Bug::kCounterRewritten) ? ReplicaId{} : edit.self());
  const Leaf* earlier = edit.written(own);
  Sums sums = earlier ? decode_sums(earlier->value) : sums_of(edit.document().at(own));
  // 0 - amount in unsigned arithmetic: -INT64_MIN does not fit an int64.
  if (amount >= 0) {
    sums.added = add_up(sums.added, static_cast<std::uint64_t>(amount));
  } else {
    sums.taken = add_up(sums.taken, 0 - static_cast<std::uint64_t>(amount));
  }
  edit.write(own, big_endian(sums.added) + big_endian(sums.taken));
}

}  // namespace crdt

#include "crdt/leaf.h"

#include <bit>

#include "crdt/hash64.h"

namespace crdt {

std::uint64_t hash_of(const Leaf& leaf) {
  std::uint64_t hash = mix64(leaf.dot.replica.value + leaf.dot.counter);
  hash = mix64(hash ^ std::bit_cast<std::uint64_t>(leaf.rank.micros));
  hash = mix64(hash ^ leaf.stamp.request.high) ^ leaf.stamp.request.low;
  hash = mix64(hash ^ hash64(leaf.stamp.author));
  hash = mix64(hash ^ hash64(leaf.path));
  return mix64(hash ^ hash64(leaf.value));
}

std::string_view group_of(std::string_view path) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return path;
  return path.substr(0, path.find('/', first + 1));
}

}  // namespace crdt

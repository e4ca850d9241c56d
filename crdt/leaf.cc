#include "crdt/leaf.h"

namespace crdt {

std::string_view group_of(std::string_view path) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return path;
  return path.substr(0, path.find('/', first + 1));
}

}  // namespace crdt

// StoreMarker: which store a data file is: its format, and the cluster and node it belongs to.
//
// Shape    one row of the store's own, whose key begins with a zero octet; three lines.
#pragma once

#include <algorithm>
#include <string>

#include "crdt/bytes.h"

namespace node {

inline constexpr crdt::BytesView kMarkerKey("\0muster", 7);
inline constexpr crdt::BytesView kStoreFormat = "muster store 4";

struct StoreMarker {
  std::string format;
  std::string cluster;
  std::string node;
};

[[nodiscard]] inline crdt::Bytes encode(const StoreMarker& marker) {
  return marker.format + "\n" + marker.cluster + "\n" + marker.node;
}

// Lines that are missing are empty.
[[nodiscard]] inline StoreMarker decode_marker(crdt::BytesView bytes) {
  StoreMarker marker;
  for (std::string* line : {&marker.format, &marker.cluster, &marker.node}) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    *line = std::string(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return marker;
}

}  // namespace node

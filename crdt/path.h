// Path: how names of any bytes become parts of a leaf's path, and how to walk what lies below one.
//
// Shape    parts are joined by '/'. In a part '/' and '%' stand as %2F and %25, and the empty part
//          as a lone '%', so that a name can neither end its part nor begin another.
// Laws     unescape_part(escape_part(x)) == x; different names give different parts.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/document.h"

namespace crdt {

[[nodiscard]] std::string escape_part(BytesView name);

// The inverse of escape_part; a part that escape_part never makes comes back as it is.
[[nodiscard]] Bytes unescape_part(std::string_view part);

// "<prefix>/<escaped name>".
[[nodiscard]] std::string child_path(std::string_view prefix, BytesView name);

// Calls `visit(path, siblings, rest)` for every path below "<prefix>/", in the order of groups,
// then paths; `rest` is what follows that slash.
template <class Visit>
void for_each_below(const Document& document, std::string_view prefix, Visit visit) {
  const std::string start = std::string(prefix) + '/';
  const std::string_view first = group_of(start);
  const Document::Groups& groups = document.groups();
  for (auto group = groups.lower_bound(first); group != groups.end(); ++group) {
    if (!group->first.starts_with(first)) return;
    const Document::Group& leaves = group->second;
    for (auto leaf = leaves.begin(); leaf != leaves.end();) {
      const std::string& path = leaf->path;
      const auto next =
          std::find_if(leaf, leaves.end(), [&](const Leaf& other) { return other.path != path; });
      const std::string_view rest =
          std::string_view(path).substr(std::min(start.size(), path.size()));
      if (path.starts_with(start)) visit(path, Document::Siblings(leaf, next), rest);
      leaf = next;
    }
  }
}

}  // namespace crdt

// Path: how names of any bytes become parts of a leaf's path, and how to walk what lies below one.
//
// Shape    parts are joined by '/'. In a part '/' and '%' stand as %2F and %25, and the empty part
//          as a lone '%', so that a name can neither end its part nor begin another.
// Laws     unescape_part(escape_part(x)) == x; different names give different parts.
#pragma once

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

// Calls `visit(path, siblings, rest)` for every path below "<prefix>/", in order; `rest` is what
// follows that slash.
template <class Visit>
void for_each_below(const Document& document, std::string_view prefix, Visit visit) {
  const std::string start = std::string(prefix) + '/';
  const Document::Leaves& leaves = document.leaves();
  for (auto at = leaves.lower_bound(start); at != leaves.end(); ++at) {
    if (!std::string_view(at->first).starts_with(start)) return;
    visit(at->first, at->second, std::string_view(at->first).substr(start.size()));
  }
}

}  // namespace crdt

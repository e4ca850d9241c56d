#include "crdt/path.h"

namespace crdt {

std::string escape_part(BytesView name) {
  if (name.empty()) return "%";
  std::string part;
  part.reserve(name.size());
  for (const char c : name) {
    if (c == '/') {
      part += "%2F";
    } else if (c == '%') {
      part += "%25";
    } else {
      part += c;
    }
  }
  return part;
}

Bytes unescape_part(std::string_view part) {
  if (part == "%") return {};
  Bytes name;
  name.reserve(part.size());
  while (!part.empty()) {
    const bool slash = part.starts_with("%2F");
    const bool percent = part.starts_with("%25");
    name += slash ? '/' : percent ? '%' : part.front();
    part.remove_prefix(slash || percent ? 3 : 1);
  }
  return name;
}

std::string child_path(std::string_view prefix, BytesView name) {
  return std::string(prefix) + '/' + escape_part(name);
}

}  // namespace crdt

#include "crdt/core_leaf.h"

#include "crdt/path.h"

namespace crdt {
namespace {

constexpr std::string_view kCore = "core";

}  // namespace

std::string field_path(std::string_view kind, BytesView id, std::string_view field) {
  return child_path(kind, id) + '/' + std::string(field);
}

std::string core_path(std::string_view kind, BytesView id) { return field_path(kind, id, kCore); }

bool entity_exists(const Document& document, std::string_view kind, BytesView id) {
  return !document.at(core_path(kind, id)).empty();
}

std::vector<Bytes> entities(const Document& document, std::string_view kind) {
  std::vector<Bytes> ids;
  for_each_below(document, kind, [&](const auto&, const auto&, std::string_view rest) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || rest.substr(slash + 1) != kCore) return;
    ids.push_back(unescape_part(rest.substr(0, slash)));
  });
  return ids;
}

std::vector<std::string> orphans(const Document& document, std::string_view kind) {
  std::vector<std::string> paths;
  for_each_below(document, kind, [&](const auto& path, const auto&, std::string_view rest) {
    const Bytes id = unescape_part(rest.substr(0, rest.find('/')));
    if (!entity_exists(document, kind, id)) paths.push_back(path);
  });
  return paths;
}

void purge_entity(Edit& edit, std::string_view kind, BytesView id) {
  for_each_below(edit.document(), child_path(kind, id),
                 [&](const auto& path, const auto&, std::string_view) { edit.remove(path); });
}

}  // namespace crdt

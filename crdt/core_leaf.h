// CoreLeaf: what makes an entity (a task) exist.
//
// Shape    an entity "<kind>/<id>" exists while its leaf "<kind>/<id>/core" is live. Its other
//          leaves may be live without it, where somebody wrote a field beside a concurrent purge:
//          such orphans are invisible, and the peer on duty sweeps them.
// Laws     no schedule of purges shows half an entity: tests/crdt/schedule_law_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"

namespace crdt {

// "<kind>/<escaped id>/core".
[[nodiscard]] std::string core_path(std::string_view kind, BytesView id);

// "<kind>/<escaped id>/<field>"; the field is taken as it is, slashes and all.
[[nodiscard]] std::string field_path(std::string_view kind, BytesView id, std::string_view field);

[[nodiscard]] bool entity_exists(const Document& document, std::string_view kind, BytesView id);

// The ids of the entities that exist, in the order of their paths.
[[nodiscard]] std::vector<Bytes> entities(const Document& document, std::string_view kind);

// The paths below "<kind>/" whose entity does not exist, in order: what a sweep removes.
[[nodiscard]] std::vector<std::string> orphans(const Document& document, std::string_view kind);

// Removes every live leaf of the entity, the core leaf among them.
void purge_entity(Edit& edit, std::string_view kind, BytesView id);

}  // namespace crdt

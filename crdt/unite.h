// Unite: what makes two documents one whose vectors are equal and whose states are not.
//
// That cannot happen by the rules; it does where a machine's memory went back in time while it ran,
// so that it minted dots anew. Which state is right nobody can tell: what either holds is kept.
#pragma once

#include <optional>

#include "crdt/delta.h"
#include "crdt/document.h"

namespace crdt {

// An event of `self` that leads from either state, and from any third one under this vector, to
// their union: leaves that only one of them holds are written anew under fresh dots. nullopt where
// the states are equal. REQUIRES equal contexts.
[[nodiscard]] std::optional<Delta> unite(const Document& a, const Document& b, ReplicaId self);

}  // namespace crdt

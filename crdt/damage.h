// Damage: what is known of a document whose stored rows were found damaged, until it is put right.
//
// Shape    found    no answer is given from the document; peers are asked for all of it, and what
//                   they hold is gathered.
//          healed   it is answered from again. Cursors claim more than was fetched where a peer has
//                   not been asked since, so each is asked once more before the note is dropped.
//          Kept in the store, without what was gathered: it must outlive the process that found it.
// Size     one for each damaged document; `gathered` is the document as peers hold it.
#pragma once

#include <set>

#include "crdt/bytes.h"
#include "crdt/document.h"
#include "crdt/dot.h"
#include "crdt/result.h"
#include "crdt/version_vector.h"

namespace crdt {

struct Damage {
  ReplicaId found_in;        // The run that found it.
  bool header_lost = false;  // Its vector cannot be read: `known` is only part of it.
  bool healed = false;       //
  VersionVector known;       // What it covered.
  std::set<Bytes> asked;     // Peers that have said all they hold of it.
  Document gathered;         // Of what they hold; empty once healed. Not stored.
};

[[nodiscard]] Bytes encode(const Damage& damage);
[[nodiscard]] Result<Damage> decode_damage(BytesView bytes);

}  // namespace crdt

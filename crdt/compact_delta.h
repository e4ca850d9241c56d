// CompactDelta: the bytes of a Delta on a link that carries thousands like it. What a link has
// carried before is a reference (crdt/compact_names.h), and what follows from the rest is left out.
// The stored form, and that of what is sent once, is crdt/codec.h's.
//
// Shape    numbers are varints, a `name` is a reference or the name itself.
//            count, and each replica that the delta names: its name of 8 octets; ascending
//            for each of them: its counter in `after`, 0 where absent
//            for each of them: how far `advance` is above that, 0 where absent
//            count, and each killed dot
//            count, and each written leaf: one octet of LeafFlags, then what these do not say:
//              dot      see below
//              stamp    16 octets of request id, the author's name
//              path     the name of its group (crdt/leaf.h) with the slash behind it, and the name
//                       of the rest
//              rank     minus that of the leaf before, zigzag
//              value    length, octets
//          A dot is its replica's place minus that of the dot before it in its list, then the
//          counter, less that of the dot before where the replica is the same.
//          "The leaf before" of the first: rank 0, nobody's stamp, and a dot that the first dot of
//          `advance` follows.
// Size     a delta of one event by one of three writers: about 50 octets and its values.
// Laws     read(write(x)) == x for whatever decode_delta of crdt/codec.h accepts. What is read
//          obeys the Laws there: the same bounds, the same judgement.
#pragma once

#include "crdt/byte_io.h"
#include "crdt/compact_names.h"
#include "crdt/delta.h"
#include "crdt/result.h"

namespace crdt {

void write_compact(ByteWriter& out, const Delta& delta, SentNames& names);

// Takes one delta from the front of `in`.
[[nodiscard]] Result<Delta> read_compact(ByteReader& in, const HeardNames& names);

}  // namespace crdt

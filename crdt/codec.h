// Codec: the bytes of what crdt/ sends and stores, by the schema crdt/document.capnp.
//
// Shape    one unpacked Cap'n Proto message each, stored leaves apart. Input need not be aligned:
//          it is copied into words.
// Size     the bounds below hold for decoding, where bytes come from peers and disks. Encoding
//          checks only what the form cannot express: who builds documents keeps them within bounds.
// Laws     decode(encode(x)) == x. What decodes is safe to apply: lists ascend and hold nothing
//          twice, counters are above 0, replica ids are not nobody's, written dots lie in (after,
//          advance], fresh dots in (asker, context], kept dots under both. A killed dot lies at or
//          below `after` where `after` names its replica; elsewhere only Document::apply can judge
//          it, by its own context, and answers kGap.
// Errors   decoding is the only place that catches kj::Exception; every fault is an Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/delta.h"
#include "crdt/record.h"
#include "crdt/result.h"
#include "crdt/version_vector.h"

namespace crdt {

// A document of 1,000 tasks takes about 1.5 MB; a hostile message is refused before it is copied.
inline constexpr std::size_t kMessageBytesMax = 16'777'216;

// 8,000 tasks of 8 leaves: far past any channel, small enough to be walked at once.
inline constexpr std::size_t kLeavesMax = 65'536;

// Places in a message's table of replicas have 16 bits.
inline constexpr std::size_t kReplicasMax = 65'536;

// Counters have 48 bits in a message: 10,000 writes a second for 890 years of one process.
inline constexpr std::uint64_t kCounterMax = (std::uint64_t{1} << 48) - 1;

// What a reader may walk, in multiples of the message: each word is read once, and pointers that
// overlap to make a small message large run into it.
inline constexpr std::uint64_t kTraversalFactor = 2;

// Message, names, list of stamps, stamp, author: five deep, and room for later fields.
inline constexpr int kNestingMax = 8;

// Which of these Laws `delta` breaks as a whole, as a sentence; nullptr where it keeps them. Judges
// every form that a delta arrives in.
[[nodiscard]] const char* fault_of(const Delta& delta);

[[nodiscard]] Bytes encode(const VersionVector& vector);
[[nodiscard]] Bytes encode(const Delta& delta);
[[nodiscard]] Bytes encode(const Fragment& fragment);
[[nodiscard]] Bytes encode(const Record& record);

// One group of a document (crdt/leaf.h), in the order given: only ever stored, so not Cap'n Proto
// but crdt/byte_io.h, which is half as long and several times as fast.
[[nodiscard]] Bytes encode_leaves(std::span<const Leaf> group);

[[nodiscard]] Result<VersionVector> decode_version_vector(BytesView bytes);
[[nodiscard]] Result<Delta> decode_delta(BytesView bytes);
[[nodiscard]] Result<Fragment> decode_fragment(BytesView bytes);
[[nodiscard]] Result<Record> decode_record(BytesView bytes);
[[nodiscard]] Result<std::vector<Leaf>> decode_leaves(BytesView bytes);

}  // namespace crdt

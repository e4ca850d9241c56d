// DocumentRows: what the rows of a stored document hold (crdt/keyspace.h): one header, the leaves
// of each group (crdt/codec.h), and packed marks (crdt/handled_mark.h).
//
// Errors   a value that makes no sense for its row is an Error. Checksums were judged before.
#pragma once

#include <cstdint>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/leaf.h"
#include "crdt/result.h"
#include "crdt/version_vector.h"

namespace crdt {

struct DocumentHeader {
  std::uint64_t seq = 0;  // The row of the log that last touched the document.
  VersionVector context;

  bool operator==(const DocumentHeader&) const = default;
};

[[nodiscard]] Bytes encode(const DocumentHeader& header);
[[nodiscard]] Result<DocumentHeader> decode_header(BytesView bytes);

// Of any row but the header; a mark as the leaf it is.
[[nodiscard]] Result<std::vector<Leaf>> leaves_of_row(BytesView row, BytesView value);

}  // namespace crdt

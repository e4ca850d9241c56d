// CompareWire: what peers say while they compare their stores (gossip/comparer.h), to bytes and
// back.
//
// Shape    step and round, then five lists, each behind its length (crdt/byte_io.h). Of most
//          messages all but one are empty.
// Errors   a message that breaks a limit is refused. A step of a later version is skipped.
#pragma once

#include <optional>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

[[nodiscard]] crdt::Bytes compare_body(const Compare& compare);
[[nodiscard]] crdt::Result<std::optional<Compare>> decode_compare(crdt::BytesView body);

}  // namespace gossip

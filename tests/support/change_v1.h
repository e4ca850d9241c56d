// ChangeV1: how a peer that knows version 1 of the wire and nothing later reads what is no Cap'n
// Proto: names, pushes, acknowledgements and comparisons, as text.
//
// Shape    written from what crdt/compact_delta.h, crdt/compact_names.h, gossip/change_wire.h and
//          gossip/compare_wire.h say, and shares no code with them: where these change, this does
//          not. It never changes.
// Errors   std::runtime_error where version 1 cannot read it. Bounds are not judged here.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "crdt/bytes.h"

namespace tests {

// What one direction of a link was told.
using NamesV1 = std::map<std::uint64_t, crdt::Bytes>;

void define_v1(crdt::BytesView body, NamesV1& names);
[[nodiscard]] std::string push_v1(crdt::BytesView body, const NamesV1& names);
[[nodiscard]] std::string pushed_v1(crdt::BytesView body);
[[nodiscard]] std::string compare_v1(crdt::BytesView body);

}  // namespace tests

// LmdbRows: the rows of a Muster store as LMDB hands them out, for whoever reads one.
//
// Errors   what LMDB says is returned: 0 or MDB_NOTFOUND where all went well.
#pragma once

#include <lmdb.h>

#include <functional>
#include <optional>

#include "crdt/bytes.h"

namespace node {

inline constexpr crdt::BytesView kFirstRowKey("\1", 1);  // Just above the store's own keys.

[[nodiscard]] inline MDB_val to_val(crdt::BytesView bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

[[nodiscard]] inline crdt::BytesView to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// The rows with keys in [from, to), in order, until `visit` says false; an empty `to` has no end.
[[nodiscard]] int scan_rows(MDB_cursor* cursor, crdt::BytesView from, crdt::BytesView to,
                            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit);

// The greatest key in [from, to), where there is one.
[[nodiscard]] int find_last_key(MDB_cursor* cursor, crdt::BytesView from, crdt::BytesView to,
                                std::optional<crdt::Bytes>& found);

}  // namespace node

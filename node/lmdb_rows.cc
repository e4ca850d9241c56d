#include "node/lmdb_rows.h"

#include <algorithm>

namespace node {

int scan_rows(MDB_cursor* cursor, crdt::BytesView from, crdt::BytesView to,
              const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  MDB_val key = to_val(std::max(from, kFirstRowKey));
  MDB_val value{};
  int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  while (code == 0 && (to.empty() || to_view(key) < to) && visit(to_view(key), to_view(value))) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  }
  return code;
}

int find_last_key(MDB_cursor* cursor, crdt::BytesView from, crdt::BytesView to,
                  std::optional<crdt::Bytes>& found) {
  MDB_val key = to_val(to);
  MDB_val value{};
  int code = MDB_NOTFOUND;
  if (!to.empty()) code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  // PREV from the first key at or behind `to`; without one, the last key of all.
  code = mdb_cursor_get(cursor, &key, &value, code == 0 ? MDB_PREV : MDB_LAST);
  if (code == 0 && to_view(key) >= std::max(from, kFirstRowKey)) found.emplace(to_view(key));
  return code;
}

}  // namespace node

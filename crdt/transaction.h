// Transaction: what pure code sees of a store: ordered keys and values, all or nothing.
//
// LMDB in production; in simulation a store that forgets commits that were not synced.
//
// Thread   one transaction at a time, on the driver's thread.
// Errors   a store that fails (disk full, I/O error) makes the *commit* fail: after a failed call
//          reads may return nothing, and the driver drops all that was computed in the batch.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "crdt/bytes.h"

namespace crdt {

class Transaction {
 public:
  virtual ~Transaction() = default;

  // The view is valid until the next put or erase.
  [[nodiscard]] virtual std::optional<BytesView> get(BytesView key) = 0;
  virtual void put(BytesView key, BytesView value) = 0;
  virtual void erase(BytesView key) = 0;

  // Calls `visit(key, value)` for keys in [from, to) in order, until it returns false. `visit` must
  // not write. An empty `to` means "to the end".
  virtual void scan(BytesView from, BytesView to,
                    const std::function<bool(BytesView key, BytesView value)>& visit) = 0;

  // The last key in [from, to), if any.
  [[nodiscard]] virtual std::optional<Bytes> last_key(BytesView from, BytesView to) = 0;
};

}  // namespace crdt

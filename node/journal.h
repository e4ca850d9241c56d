// Journal: the redo log of a WriteBehind store, as rows of the store behind it.
//
// Shape    key ff <seq, 8 bytes big-endian>; value: one octet that says whether a batch begins or
//          goes on here, then its bytes, then their checksum. A batch is one transaction's changes,
//          cut into pages. Rows are appended at one end and trimmed at the other.
//          A change is an octet that says whether it puts or erases, what its key shares with the
//          one before it in the batch, the rest of the key, and the value: lengths as varints.
// Size     a row is at most one page of LMDB, so that a row that was trimmed leaves a hole that any
//          other page fits into.
// Laws     what is replayed is what was appended and not trimmed, oldest first. Replaying a change
//          that reached its place long ago is harmless: trimming takes the oldest rows first, so
//          the newest value of each key that is replayed at all comes last.
// Errors   a row with a wrong checksum, a key that no row has, and a row that is missing between
//          others are Errors. Rows left of a batch that was trimmed in part are none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "crdt/transaction.h"

namespace node {

class Journal {
 public:
  // Rows lie here: no key of a store's user is at or behind it.
  static constexpr crdt::BytesView kFirstKey = "\xff";

  // A page of 4,096 octets without LMDB's header. Larger pages hold several rows.
  static constexpr std::size_t kRowBytesMax = 4'080;

  // What a batch consists of: a key, and its new value or that it is gone.
  using Visit = std::function<void(crdt::BytesView key, std::optional<crdt::BytesView> value)>;

  // Cut into rows as it grows: full ones, sealed, and behind them the one that takes more.
  class Batch {
   public:
    void add(crdt::BytesView key, const std::optional<crdt::BytesView>& value);

   private:
    friend class Journal;

    void write(crdt::BytesView bytes);
    void begin_row();
    void seal_row();

    crdt::Bytes bytes_;
    std::size_t row_ = 0;  // Where the last row begins.
    crdt::Bytes key_;      // The last one.
  };

  // Forgets what it knows, reads all rows and calls `visit` for each change of each batch. After an
  // Error, `visit` has seen a part of them.
  [[nodiscard]] crdt::Result<void> replay(crdt::Transaction& txn, const Visit& visit);

  // How many rows it took. Leaves the batch empty.
  std::uint64_t append(crdt::Transaction& txn, Batch& batch);

  // The place of the next row: every batch so far lies before it.
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] std::uint64_t rows() const { return end_ - first_; }

  // Erases rows before `seq`, the oldest first, at most `rows_max` of them.
  void trim(crdt::Transaction& txn, std::uint64_t seq, std::uint64_t rows_max);

 private:
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace node

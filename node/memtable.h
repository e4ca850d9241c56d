// Memtable: changes of a store that wait in memory, by key: a new value each, or that the key is
// gone.
//
// Shape    rows lie one behind another in blocks of memory and go with the table, all at once, each
//          with its key behind it. The first two octets of a key are its kind. While the keys of a
//          kind rise as they come, as those of a log do, their rows are found by halving, and in
//          order as they are; a hash index finds those of all other kinds, which are sorted when
//          somebody asks for the order.
// Size     bytes() is what the table takes, replaced values included: an owner bounds it by taking
//          a new one.
// Source   the name is that of LevelDB and its family; the blocks are their arena.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "crdt/bytes.h"

namespace node {

class Memtable {
 public:
  // Valid as long as the table; its key never changes.
  class Row {
   public:
    [[nodiscard]] crdt::BytesView key() const {
      return {reinterpret_cast<const char*>(this + 1), key_size_};
    }
    // Absent: the key is gone. Valid until it is set anew.
    [[nodiscard]] std::optional<crdt::BytesView> value() const {
      if (gone_) return std::nullopt;
      return crdt::BytesView(value_, value_size_);
    }

    bool touched = false;  // The owner's: set since it last looked.

   private:
    friend class Memtable;

    bool gone_ = true;
    std::uint16_t key_size_ = 0;
    std::uint32_t value_size_ = 0;
    std::uint32_t value_room_ = 0;
    char* value_ = nullptr;
  };
  static_assert(sizeof(Row) == 24);

  struct Order {
    using is_transparent = void;

    bool operator()(const Row* a, const Row* b) const { return a->key() < b->key(); }
    bool operator()(const Row* a, crdt::BytesView b) const { return a->key() < b; }
    bool operator()(crdt::BytesView a, const Row* b) const { return a < b->key(); }
  };
  using Rows = absl::btree_set<Row*, Order>;

  // What a row takes beside its octets: itself, and its places in the index and in the order.
  static constexpr std::size_t kRowBytes = sizeof(Row) + 24;

  [[nodiscard]] bool empty() const { return rows_ == 0; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // Room in the index for as many rows as that of `other` has, so that it need not grow by halves.
  void reserve_as(const Memtable& other) { index_.reserve(other.index_.size()); }

  [[nodiscard]] const Row* find(crdt::BytesView key) const;

  // `value` may be a view of what it replaces. REQUIRES a key of 65,535 octets at most.
  Row& set(crdt::BytesView key, const std::optional<crdt::BytesView>& value);

  // All rows in the order of their keys. Iterators hold until a key comes that was not there.
  [[nodiscard]] const Rows& in_order();

 private:
  struct Hash {
    using is_transparent = void;

    std::size_t operator()(crdt::BytesView key) const;
    std::size_t operator()(const Row* row) const { return (*this)(row->key()); }
  };
  struct Equal {
    using is_transparent = void;

    bool operator()(const Row* a, const Row* b) const { return a->key() == b->key(); }
    bool operator()(const Row* a, crdt::BytesView b) const { return a->key() == b; }
    bool operator()(crdt::BytesView a, const Row* b) const { return a == b->key(); }
  };

  // Rows of one kind. All of them while they rise; then those that are not in order_ yet.
  struct Kind {
    bool rises = true;
    std::vector<Row*> rows;
    std::size_t ordered = 0;  // So many of rows are in order_.
  };

  [[nodiscard]] Row* make_row(crdt::BytesView key, std::size_t value_room);
  [[nodiscard]] Row& insert(crdt::BytesView key, std::size_t value_room);
  [[nodiscard]] char* take(std::size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;  // In the last block that rows share.
  std::size_t free_size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t rows_ = 0;
  std::map<std::uint16_t, Kind> kinds_;
  absl::flat_hash_set<Row*, Hash, Equal> index_;  // Rows of kinds that do not rise.
  Rows order_;
};

}  // namespace node

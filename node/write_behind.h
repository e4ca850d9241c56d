// WriteBehind: a Store in front of another one, so that a commit dirties few of its pages.
//
// A commit appends what it changed to a journal, in one place, and that is what makes it durable.
// The changes themselves wait in memory, where later ones replace them. When enough of them wait,
// they stop growing and move to their own places in the order of keys, a few pages in each commit,
// while later changes gather in a table of their own: what lies on one page is written together.
//
// Rows that are only ever appended have their neighbours beside them at once: they go straight to
// their places.
//
// Shape    two tables: changes gather in one, the other one moves. Reads see the first, then the
//          second, then the store. Journal, and what moves, share the transaction of the commit.
//          When all of a table has moved, the rows of the journal that it came from are
//          superfluous; they are trimmed a few in each commit.
// Size     after a commit at most Limits::waiting_bytes wait, and the journal has at most
//          Limits::journal_rows rows. Moving begins early and is quick enough to end before either
//          is reached; a commit that is too large for that moves everything at once, and so does
//          open(). Where open() cannot write, and after a failed commit, as much waits as the
//          journal holds.
// Laws     the same as the store behind it: tests/node/store_contract_test.cc runs both.
// Errors   after a failed commit, or an abort that took changes back, the waiting changes are read
//          from the journal anew. begin() throws where the store's does, and where the journal
//          cannot be read then.
// Source   what waits is C0 and the store is C1 of O'Neil, Cheng, Gawlick, O'Neil: "The
//          Log-Structured Merge-Tree", Acta Informatica 33 (1996); a table that takes no more
//          changes and moves is LevelDB's immutable memtable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "node/journal.h"
#include "node/memtable.h"
#include "node/store.h"

namespace node {

class WriteBehind final : public Store, private crdt::Transaction {
 public:
  struct Limits {
    // A few thousand commands: enough for a page to gather several of its changes before it is
    // written, and small beside the rest of the process. What Memtable::bytes counts.
    std::size_t waiting_bytes = std::size_t{4} << 20;

    // 32 MB: replayed in a fraction of a second. It is reached where commits are small, and where
    // the same rows change again and again, so that little waits and much is journalled.
    std::uint64_t journal_rows = 8'192;
  };

  // `appended`: what keys of rows begin with that are only ever appended. REQUIRES the same ones as
  // long as the store behind lives, and journal_rows > 0.
  WriteBehind(Store& store, Limits limits, std::vector<crdt::Bytes> appended = {});

  // Reads the journal; an Error where it is damaged. Throws what the store's begin() throws.
  // REQUIRES it to have succeeded before the first begin().
  [[nodiscard]] crdt::Result<void> open();

  // No key may be at or behind Journal::kFirstKey.
  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override;
  [[nodiscard]] StoreSize size() const override { return store_.size(); }
  [[nodiscard]] bool sound() const override { return store_.sound(); }

  [[nodiscard]] std::size_t waiting_bytes() const { return gathers_.bytes() + moves_.bytes(); }
  [[nodiscard]] std::uint64_t journal_rows() const { return journal_.rows(); }

 private:
  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  [[nodiscard]] crdt::Result<void> load();
  void move_all();
  [[nodiscard]] boost::system::result<void, CommitError> end_transaction();

  void check_key(crdt::BytesView key) const;
  [[nodiscard]] bool is_appended(crdt::BytesView key) const;
  void set(crdt::BytesView key, const std::optional<crdt::BytesView>& value);

  void journal_touched();
  [[nodiscard]] bool within_limits() const;
  void make_room(std::size_t bytes_added, std::uint64_t rows_added);
  void begin_moving();
  void move_rows(std::size_t bytes);
  void end_moving();

  Store& store_;
  Limits limits_;
  std::vector<crdt::Bytes> appended_;
  crdt::Transaction* txn_ = nullptr;  // Of the store behind, while one is open.
  bool opened_ = false;
  bool loaded_ = false;  // The tables and the journal are as the last good commit left them.

  Journal journal_;
  Journal::Batch journalled_;  // Empty between commits; keeps its room.
  Memtable gathers_;
  Memtable moves_;
  Memtable::Rows::const_iterator next_moved_;  // Of moves_, where that is not empty.
  std::uint64_t moves_end_ = 0;  // All of moves_ came from rows of the journal before it.
  std::size_t move_due_ = 0;     // Octets that should have moved by now.
  std::uint64_t trim_before_ = 0;
  std::uint64_t batch_ = 0;
  std::vector<const Memtable::Row*> touched_;  // By the open transaction, each once.
};

}  // namespace node

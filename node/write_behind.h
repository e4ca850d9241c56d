// WriteBehind: a Store in front of another one, so that a commit is one write in one place.
//
// A commit appends what it changed to a journal beside the store (node/journal.h), and that is
// what makes it durable. The changes themselves wait in memory, where later ones replace them.
// When enough of them wait, they stop growing and move to their own places in the order of keys,
// in steps of many pages, while later changes gather in a table of their own: what lies on one
// page is written together, and most commits do not touch the store behind at all.
//
// Shape    two tables: changes gather in one, the other one moves. Reads see the first, then the
//          second, then the store. When all of a table has moved, the pages of the journal that it
//          came from are superfluous: the step that moved the last of it also says so, in the row
//          kFirstKey, where replaying begins. Only what earlier commits made durable moves.
// Size     after a commit at most Limits::waiting_bytes wait, and the journal has at most
//          Limits::journal_pages pages. Moving begins early and is quick enough to end before
//          either is reached; a commit that is too large for that brings everything to its place
//          at once and leaves the journal out, and so does open(). Where open() cannot write, and
//          after a failed commit, as much waits as the journal holds.
// Laws     the same as the store behind it: tests/node/store_contract_test.cc runs both.
// Errors   after a failed commit, or an abort that took changes back, the waiting changes are read
//          from the journal anew. Where the journal could not be written, the next commit leaves
//          it out and begins another one. What the store behind would refuse is refused although
//          the journal has room. begin() throws where the store's does, and where the journal
//          cannot be read then.
// Source   what waits is C0 and the store is C1 of O'Neil, Cheng, Gawlick, O'Neil: "The
//          Log-Structured Merge-Tree", Acta Informatica 33 (1996); a table that takes no more
//          changes and moves is LevelDB's immutable memtable.
#pragma once

#include <algorithm>
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
  // Where replaying begins lies here: no key of a store's user is at or behind it.
  static constexpr crdt::BytesView kFirstKey = "\xff";

  struct Limits {
    // Some ten thousand commands: enough for a page to gather many of its changes before it is
    // written, and bearable beside the rest of the process. What Memtable::bytes counts.
    std::size_t waiting_bytes = std::size_t{10} << 20;

    // Reached where commits are small: each takes a page at least. Replayed in a fraction of a
    // second. No more than the storage has.
    std::uint64_t journal_pages = 8'192;
  };

  // REQUIRES that the storage is used with this store alone, and journal_pages > 0.
  WriteBehind(Store& store, JournalStorage& storage, Limits limits);

  // Reads the journal; an Error where it is damaged. Throws what the store's begin() throws.
  // REQUIRES it to have succeeded before the first begin().
  [[nodiscard]] crdt::Result<void> open();

  // No key may be at or behind kFirstKey.
  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override;
  [[nodiscard]] StoreSize size() const override { return store_.size(); }
  [[nodiscard]] bool sound() const override { return store_.sound(); }
  [[nodiscard]] std::optional<CommitError> refusal() const override { return store_.refusal(); }

  [[nodiscard]] std::size_t waiting_bytes() const { return gathers_.bytes() + moves_.bytes(); }
  [[nodiscard]] std::uint64_t journal_pages() const { return journal_.pages(); }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }  // That wrote and succeeded.
  [[nodiscard]] const Journal::Place& journal_begin() const { return journal_.begin(); }

 private:
  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  [[nodiscard]] crdt::Result<void> load();
  [[nodiscard]] crdt::Result<std::optional<Journal::Place>> read_place();
  [[nodiscard]] boost::system::result<void, CommitError> commit_touched();
  [[nodiscard]] boost::system::result<void, CommitError> commit_directly();
  [[nodiscard]] boost::system::result<void, CommitError> end_transaction();

  void check_key(crdt::BytesView key) const;
  void set(crdt::BytesView key, const std::optional<crdt::BytesView>& value);

  // How many octets of tables the batch takes.
  [[nodiscard]] std::size_t collect_batch();
  [[nodiscard]] std::uint64_t journal_pages_max() const {
    return std::min(limits_.journal_pages, journal_.pages() + journal_.room());
  }
  [[nodiscard]] bool fits(std::uint64_t more_pages) const;
  [[nodiscard]] bool enough_waits() const;
  void begin_moving();
  void move_due(std::size_t bytes_added, std::uint64_t pages_added);
  void move_rows(std::size_t bytes);
  void end_moving();

  Store& store_;
  Limits limits_;
  crdt::Transaction* txn_ = nullptr;  // Of the store behind, while one is open.
  bool opened_ = false;
  bool loaded_ = false;  // The tables and the journal are as the last good commit left them.
  bool direct_ = false;  // The last commit failed: the next one leaves the journal out.
  bool anew_ = false;    // And begins another one: there is none, or it could not be written.

  Journal journal_;
  Journal::Batch batch_;  // Empty between commits; keeps its room.
  Memtable gathers_;
  Memtable moves_;
  Memtable::Rows::const_iterator next_moved_;  // Of moves_, where that is not empty.
  Journal::Place moves_end_;  // All of moves_ came from pages of the journal before it.
  std::size_t move_due_ = 0;  // Octets that should have moved by now.
  std::uint64_t commits_ = 0;
  std::vector<Memtable::Row*> touched_;  // By the open transaction, each once.
};

}  // namespace node

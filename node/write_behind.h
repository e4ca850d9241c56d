// WriteBehind: a Store in front of another one, so that a commit dirties few of its pages.
//
// A commit appends what it changed to a journal, in one place, and that is what makes it durable.
// The changes themselves wait in memory, where later ones replace them, and reach their own places
// in the order of keys: a hand moves round the keys, a little in each commit, and what lies on one
// page is written together.
//
// Shape    reads see the waiting changes first. Journal, and what the hand moves, share the
//          transaction of the commit. A round of the hand makes all rows that were in the journal
//          at its beginning superfluous; they are trimmed a few in each commit.
// Size     after a commit at most Limits::waiting_bytes of changes wait: beyond them it moves twice
//          what it adds. The journal has at most half as many rows again as Limits::journal_rows,
//          and those of one commit: beyond them rounds are hurried, none adds more than a quarter
//          of them, and the second one frees what was there before the first. No commit pays for a
//          whole round, but open() does where a limit was passed: processes that end before a round
//          does would let the journal grow for ever. Where open() cannot write, and after a failed
//          commit, as much waits as the journal holds.
// Laws     the same as the store behind it: tests/node/store_contract_test.cc runs both.
// Errors   after a failed commit, or an abort that took changes back, the waiting changes are read
//          from the journal anew. begin() throws where the store's does, and where the journal
//          cannot be read then.
// Source   what waits is C0 and the store is C1 of O'Neil, Cheng, Gawlick, O'Neil: "The
//          Log-Structured Merge-Tree", Acta Informatica 33 (1996); the hand is their rolling merge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "crdt/result.h"
#include "node/journal.h"
#include "node/store.h"

namespace node {

class WriteBehind final : public Store, private crdt::Transaction {
 public:
  struct Limits {
    // A few thousand commands: enough for a page to gather several of its changes before it is
    // written, and small beside the rest of the process. Keys and kChangeBytes count as well.
    std::size_t waiting_bytes = std::size_t{6} << 20;

    // 32 MB: replayed in a fraction of a second. It is reached where commits are small, and where
    // the same rows change again and again, so that little waits and much is journalled.
    std::uint64_t journal_rows = 8'192;
  };

  // What a change takes beside its octets: a node of the map and what the allocator adds.
  static constexpr std::size_t kChangeBytes = 128;

  explicit WriteBehind(Store& store) : WriteBehind(store, Limits{}) {}
  WriteBehind(Store& store, Limits limits);  // REQUIRES journal_rows > 0

  // Reads the journal; an Error where it is damaged. Throws what the store's begin() throws.
  // REQUIRES it to have succeeded before the first begin().
  [[nodiscard]] crdt::Result<void> open();

  // No key may be at or behind Journal::kFirstKey.
  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override;
  [[nodiscard]] StoreSize size() const override { return store_.size(); }

  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::uint64_t journal_rows() const { return journal_.rows(); }

 private:
  struct Change {
    std::optional<crdt::Bytes> value;  // Absent: the key is gone.
    std::uint64_t batch = 0;           // The transaction that made it.
  };
  using Waiting = std::map<crdt::Bytes, Change, std::less<>>;

  struct Round {
    crdt::Bytes hand;               // The first key that was not moved in it.
    std::uint64_t began = 0;        // The journal's end at that time, or any earlier one.
    std::uint64_t trim_before = 0;  // Rows that the last one made superfluous.
  };

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
  void set(crdt::BytesView key, std::optional<crdt::Bytes> value);
  void replace(Waiting::iterator change, std::optional<crdt::Bytes> value);

  void journal_touched();
  [[nodiscard]] bool within_limits() const;
  void move_changes(std::size_t bytes);
  Waiting::iterator move(Waiting::iterator change);
  void end_round();

  Store& store_;
  Limits limits_;
  crdt::Transaction* txn_ = nullptr;  // Of the store behind, while one is open.
  bool opened_ = false;
  bool loaded_ = false;  // What waits and the journal are as the last good commit left them.

  Journal journal_;
  Waiting waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t batch_ = 0;
  std::vector<Waiting::iterator> touched_;  // By the open transaction, each once.
  Round round_;
};

}  // namespace node

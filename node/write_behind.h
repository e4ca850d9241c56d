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
// Size     kWaitingBytesMax of changes wait; beyond that, or where the journal has more than
//          kJournalRowsMax rows, each commit moves twice what it adds. So a start replays at most
//          about kJournalRowsMax pages, and no commit ever pays for a whole round.
// Laws     the same as the store behind it: tests/node/store_contract_test.cc runs both.
// Errors   after a failed commit, or an abort that took changes back, the waiting changes are read
//          from the journal anew. begin() throws where the store's does, and where the journal is
//          damaged.
// Source   the rolling merge of O'Neil, Cheng, Gawlick, O'Neil: "The Log-Structured Merge-Tree",
//          Acta Informatica 33 (1996).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "crdt/result.h"
#include "node/journal.h"
#include "node/store.h"

namespace node {

class WriteBehind final : public Store, private crdt::Transaction {
 public:
  // A few thousand commands: enough for a page to gather several of its changes before it is
  // written, and small beside the rest of the process.
  static constexpr std::size_t kWaitingBytesMax = std::size_t{6} << 20;

  // 32 MB: replayed in a fraction of a second. It is reached where the same rows change again and
  // again, so that little waits and much is journalled.
  static constexpr std::uint64_t kJournalRowsMax = 8'192;

  explicit WriteBehind(Store& store, std::size_t waiting_bytes_max = kWaitingBytesMax)
      : store_(store), waiting_bytes_max_(waiting_bytes_max) {}

  // Reads the journal before the first begin() does, for whoever wants the error as a value.
  [[nodiscard]] crdt::Result<void> open();

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

  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  [[nodiscard]] crdt::Result<void> load();
  void set(crdt::BytesView key, std::optional<crdt::Bytes> value);
  void replace(Waiting::iterator change, std::optional<crdt::Bytes> value);
  void move_changes(std::size_t bytes);
  Waiting::iterator move(Waiting::iterator change);
  void end_round();

  Store& store_;
  std::size_t waiting_bytes_max_;
  crdt::Transaction* txn_ = nullptr;  // Of the store behind, while one is open.
  bool loaded_ = false;

  Journal journal_;
  Waiting waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t batch_ = 0;
  std::vector<Waiting::iterator> touched_;  // By the open transaction, each once.

  crdt::Bytes hand_;               // The first key that was not moved in this round.
  std::uint64_t round_began_ = 0;  // The journal's end at that time.
  std::uint64_t trim_before_ = 0;  // Rows that the last round made superfluous.
};

}  // namespace node

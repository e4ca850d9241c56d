// MemoryStore: a Store in memory that fails and forgets on request, for tests and simulation.
//
// Shape    one ordered map, plus a list of how to take back what was not synced. commit() applies
//          and syncs; crash() takes back every commit whose sync was lost, newest first.
// Laws     after commit() without faults, crash() changes nothing. A later sync covers earlier
//          commits whose own was lost, as fsync does.
// Size     bounded by what is put; the take-back list grows only while syncs are lost.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "node/store.h"

namespace node {

class MemoryStore final : public Store, private crdt::Transaction {
 public:
  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override;
  [[nodiscard]] StoreSize size() const override;
  [[nodiscard]] bool sound() const override { return !fail_reads_; }
  [[nodiscard]] std::optional<CommitError> refusal() const override;

  // Faults. A failing commit stores nothing; a full disk refuses only commits that wrote something.
  void fail_next_commit(CommitFailure failure) { fail_next_ = failure; }
  void set_disk_full(bool full) { disk_full_ = full; }
  void set_lose_syncs(bool lose) { lose_syncs_ = lose; }
  // Reads find nothing, and the store knows that it should not be so.
  void set_fail_reads(bool fail) { fail_reads_ = fail; }

  // The power went: an open transaction and all commits that no sync covers are gone.
  void crash();

  [[nodiscard]] std::uint64_t commits() const { return commits_; }  // That wrote and succeeded.
  [[nodiscard]] bool in_transaction() const { return open_; }
  [[nodiscard]] const std::map<crdt::Bytes, crdt::Bytes, std::less<>>& contents() const {
    return map_;
  }

 private:
  using Undo = std::vector<std::pair<crdt::Bytes, std::optional<crdt::Bytes>>>;

  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  void take_back(Undo& undo);

  std::map<crdt::Bytes, crdt::Bytes, std::less<>> map_;
  Undo open_undo_;      // Of the open transaction.
  Undo unsynced_undo_;  // Of commits that a crash forgets.
  bool open_ = false;
  std::optional<CommitFailure> fail_next_;
  bool disk_full_ = false;
  bool lose_syncs_ = false;
  bool fail_reads_ = false;
  std::uint64_t bytes_ = 0;  // Keys and values.
  std::uint64_t commits_ = 0;
};

}  // namespace node

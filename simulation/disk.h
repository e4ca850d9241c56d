// Disk: a node's Store in memory, with power that can go at any operation and hardware that fails.
//
// Shape    one ordered map and a list of how to take back the open transaction. Only operations
//          between live(true) and live(false), the node's own, count towards a planned power loss;
//          checkers read in between.
// Laws     a commit that returned is durable, unless the disk lies (set_lying): then a power loss
//          takes back the commits since, all of them or the later ones.
// Errors   PowerLoss is thrown out of the operation at which the power goes: whoever drives the
//          node drops all of its memory and calls recover().
#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "crdt/rng.h"
#include "node/store.h"

namespace simulation {

class Disk final : public node::Store, private crdt::Transaction {
 public:
  using Contents = absl::btree_map<crdt::Bytes, crdt::Bytes, std::less<>>;

  // Where in its work the node is when the power goes.
  enum class Moment { kOperation, kBeforeCommit, kAfterCommit };

  // What a failed commit left behind: an I/O error does not say.
  enum class Remains { kNothing, kEverything };

  struct PowerLoss {
    Moment moment;
  };

  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, node::CommitError> commit() override;
  void abort() override;
  [[nodiscard]] node::StoreSize size() const override;
  [[nodiscard]] std::optional<node::CommitError> refusal() const override;

  void live(bool live) { live_ = live; }
  // The power goes at the `count`th such moment from now, the next one being the first.
  void lose_power_at(Moment moment, std::uint64_t count) { loss_ = {moment, count}; }
  void keep_power() { loss_.reset(); }
  // The process died, and its host did not: an open transaction is gone.
  void end_process();
  // The power went: so is what a lying disk only said it had stored.
  void recover();

  // The next `count` commits that write fail.
  void fail_commits(std::uint64_t count, Remains remains) { failing_ = {count, remains}; }
  void set_full(bool full) { full_ = full; }
  // Of the commits while it lies, a power loss keeps the first `kept_percent`.
  // Once it no longer lies, all of them are stored.
  void set_lying(bool lying, std::uint64_t kept_percent = 0);
  // Flips one bit of one stored value; false while there is none.
  bool flip_bit(crdt::Rng& rng);

  [[nodiscard]] const Contents& contents() const { return map_; }
  void replace(Contents contents);                                // REQUIRES no open transaction.
  [[nodiscard]] std::uint64_t writes() const { return writes_; }  // Commits that wrote.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  using Undo = std::vector<std::pair<crdt::Bytes, std::optional<crdt::Bytes>>>;

  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  void tick(Moment moment);
  void keep_writes();
  void take_back(Undo& undo);

  Contents map_;
  Undo open_undo_;
  std::vector<Undo> unsynced_;  // By commit: what a lying disk did not store.
  std::uint64_t kept_percent_ = 0;
  bool open_ = false;
  bool live_ = false;
  bool full_ = false;
  bool lying_ = false;
  std::optional<std::pair<Moment, std::uint64_t>> loss_;
  std::pair<std::uint64_t, Remains> failing_{0, Remains::kNothing};
  std::uint64_t bytes_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t operations_ = 0;
};

}  // namespace simulation

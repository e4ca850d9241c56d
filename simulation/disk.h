// Disk: what a node keeps its state on, with power that can go at any operation and hardware that
// fails.
//
// Shape    a seam: rows in memory (simulation/memory_disk.h), or the production store over files
//          that fail (simulation/lmdb_disk.h). Only operations between live(true) and live(false),
//          the node's own, count towards a planned power loss; checkers read in between.
// Laws     a commit that returned is durable, unless the disk lies (set_lying): then a power loss
//          takes back the commits since, all of them or the later ones.
// Errors   PowerLoss is thrown out of the operation at which the power goes: whoever drives the
//          node drops all of its memory, its store included, and calls end_process() or recover().
#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "crdt/bytes.h"
#include "crdt/rng.h"
#include "node/store.h"

namespace simulation {

class Disk {
 public:
  // All that lies on it, as a copy takes it: rows by key, or files by name.
  using Contents = absl::btree_map<crdt::Bytes, crdt::Bytes, std::less<>>;

  // Where in its work the node is when the power goes.
  enum class Moment { kOperation, kBeforeCommit, kAfterCommit };

  // What a failed commit left behind: an I/O error does not say.
  enum class Remains { kNothing, kEverything };

  struct PowerLoss {
    Moment moment;
  };

  virtual ~Disk() = default;

  // The store of a process that starts now. Throws std::runtime_error where what lies here cannot
  // be read. REQUIRES that the store of the process before is gone.
  [[nodiscard]] virtual std::unique_ptr<node::Store> open() = 0;

  void live(bool live) { live_ = live; }
  // The power goes at the `count`th such moment from now, the next one being the first.
  void lose_power_at(Moment moment, std::uint64_t count) { loss_ = {moment, count}; }
  void keep_power() { loss_.reset(); }
  // The process died, and its host did not: an open transaction is gone.
  virtual void end_process();
  // The power went: so is what a lying disk only said it had stored.
  virtual void recover() = 0;

  // The next `count` commits that write fail.
  void fail_commits(std::uint64_t count, Remains remains) { failing_ = {count, remains}; }
  void set_full(bool full) { full_ = full; }
  // Of the commits while it lies, a power loss keeps the first `kept_percent`.
  // Once it no longer lies, all of them are stored.
  virtual void set_lying(bool lying, std::uint64_t kept_percent = 0) = 0;
  // Flips one bit of one stored value; false while there is none.
  virtual bool flip_bit(crdt::Rng& rng) = 0;

  // REQUIRES no open transaction, as does replace(), and that one no open store, either.
  [[nodiscard]] virtual Contents contents() const = 0;
  virtual void replace(Contents contents) = 0;

  [[nodiscard]] std::uint64_t writes() const { return writes_; }  // Commits that wrote.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;

 protected:
  static constexpr std::uint64_t kFreeBytes = 1'000'000'000;  // Of a disk that is not full.

  // Counts this moment; whether the power goes at it.
  [[nodiscard]] bool strikes(Moment moment);
  [[nodiscard]] bool full() const { return full_; }
  // Whether the commit at hand fails and leaves that; counts it, if so.
  [[nodiscard]] bool fails(Remains remains);
  void count_write() { ++writes_; }

 private:
  bool live_ = false;
  bool full_ = false;
  std::optional<std::pair<Moment, std::uint64_t>> loss_;
  std::pair<std::uint64_t, Remains> failing_{0, Remains::kNothing};
  std::uint64_t writes_ = 0;
  std::uint64_t operations_ = 0;
};

}  // namespace simulation

// MemoryDisk: a Disk in memory, which is itself the store: whole commits are there or not.
//
// Shape    one ordered map and a list of how to take back the open transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "simulation/disk.h"

namespace simulation {

class MemoryDisk;

// What stands between a node's process and its disk; none stands there if this is empty. The disk
// outlives what is made, and what is made dies with the node's process.
using WrapStore = std::function<std::unique_ptr<node::Store>(MemoryDisk& disk)>;

class MemoryDisk final : public Disk, public node::Store, private crdt::Transaction {
 public:
  explicit MemoryDisk(WrapStore wrap = {}) : wrap_(std::move(wrap)) {}

  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, node::CommitError> commit() override;
  void abort() override;
  [[nodiscard]] node::StoreSize size() const override;
  [[nodiscard]] std::optional<node::CommitError> refusal() const override;

  [[nodiscard]] std::unique_ptr<node::Store> open() override;
  void end_process() override;
  void recover() override;
  void set_lying(bool lying, std::uint64_t kept_percent = 0) override;
  bool flip_bit(crdt::Rng& rng) override;
  [[nodiscard]] Contents contents() const override { return map_; }
  void replace(Contents contents) override;
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

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

  WrapStore wrap_;
  Contents map_;
  Undo open_undo_;
  std::vector<Undo> unsynced_;  // By commit: what a lying disk did not store.
  std::uint64_t kept_percent_ = 0;
  bool open_ = false;
  bool lying_ = false;
  std::uint64_t bytes_ = 0;
};

}  // namespace simulation

// JournaledDisk: a node's store as production lays it out: node/write_behind.h over its disk, here
// one in memory.
//
// Size     limits far below production's, drawn from the seed: minutes of a simulated channel then
//          reach what takes production hours: full journals, trimmed pages, rounds of the ring. The
//          ring is as long as the journal may become, as in production.
// Errors   made over a damaged journal it throws, as its begin() does: such a node does not start.
#pragma once

#include "node/journal_rows.h"
#include "node/write_behind.h"
#include "simulation/cluster.h"

namespace simulation {

class JournaledDisk final : public node::Store {
 public:
  JournaledDisk(MemoryDisk& disk, const node::WriteBehind::Limits& limits);

  crdt::Transaction& begin() override { return behind_.begin(); }
  boost::system::result<void, node::CommitError> commit() override { return behind_.commit(); }
  void abort() override { behind_.abort(); }
  [[nodiscard]] node::StoreSize size() const override { return behind_.size(); }
  [[nodiscard]] std::optional<node::CommitError> refusal() const override {
    return behind_.refusal();
  }

 private:
  node::JournalRows journal_;
  node::WriteBehind behind_;
};

// The limits of all nodes of a run.
[[nodiscard]] node::WriteBehind::Limits journal_limits(std::uint64_t seed);

// Such stores for all nodes of a run.
[[nodiscard]] Storage journaled_storage(std::uint64_t seed);

}  // namespace simulation

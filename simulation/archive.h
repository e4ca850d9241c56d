// Archive: every record that a run's nodes ever stored, so that what they forget can be judged:
// nothing young goes, nothing that somebody has not had, and nothing that went comes back.
//
// Shape    stands between each node and its store, and sees what every commit put and erased. What
//          a store holds already is read when a process begins over it, and after a commit that
//          failed without saying what it left.
// Laws     a record that its store's horizon hides is never put; one that it does not hide is never
//          erased; before the first store erases one, every node has held it. What was lost with a
//          disk was not forgotten.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "crdt/horizon.h"
#include "simulation/cluster.h"
#include "simulation/coverage.h"
#include "simulation/failure.h"
#include "simulation/scheduler.h"
#include "simulation/store_view.h"

namespace simulation {

class Archive {
 public:
  Archive(const Scheduler& scheduler, Coverage& coverage, Verdict& verdict)
      : scheduler_(scheduler), coverage_(coverage), verdict_(verdict) {}

  // What a process over `disk` is given in the place of `store`.
  [[nodiscard]] std::unique_ptr<node::Store> watch(std::unique_ptr<node::Store> store,
                                                   const Disk& disk);
  // REQUIRES to have been told of every node of the run before the first one forgets anything.
  void add_node(const Disk& disk) { nodes_.push_back(&disk); }

  // --- what happens ---
  struct Batch {
    std::map<crdt::Bytes, crdt::Bytes> put;  // By record key.
    std::map<crdt::Bytes, crdt::Bytes> erased;
  };
  // `disk`'s store has committed this; its horizon was and is this.
  void committed(const Disk& disk, const Batch& batch, const crdt::Horizon& before,
                 const crdt::Horizon& after);
  // It is held, however it came there.
  void holds(const Disk& disk, crdt::BytesView key, crdt::BytesView value);

  // --- what came of it ---
  // When a store's horizon was last another than before; long ago where none was.
  [[nodiscard]] Time moved_at() const { return moved_at_; }
  // `view` together with what was forgotten.
  [[nodiscard]] StoreView with_forgotten(StoreView view) const;
  // A record that is neither in `view` nor hidden by `horizon`; nothing where there is none.
  [[nodiscard]] std::optional<std::string> lacking(const StoreView& view,
                                                   const crdt::Horizon& horizon) const;

 private:
  struct Entry {
    crdt::Bytes value;
    std::set<const Disk*> had;
    bool forgotten = false;
  };

  void forget(const crdt::Bytes& key, const crdt::Bytes& value, const crdt::Horizon& horizon);
  void fail(std::string property, const crdt::Bytes& key);

  const Scheduler& scheduler_;
  Coverage& coverage_;
  Verdict& verdict_;
  std::vector<const Disk*> nodes_;
  std::map<crdt::Bytes, Entry> records_;  // By key.
  Time moved_at_ = Time::min() / 2;
};

// What the store's own document says. REQUIRES no open transaction.
[[nodiscard]] crdt::Horizon horizon_of(node::Store& store);

// How many of its rows hold records that its horizon hides. REQUIRES no open transaction.
[[nodiscard]] std::size_t hidden_rows(node::Store& store);

}  // namespace simulation

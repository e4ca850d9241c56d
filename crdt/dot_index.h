// DotIndex: where each live dot of a document is to be found.
//
// Shape    for each replica an array of its live counters in order, each with its place. A replica
//          counts upwards, so what it writes goes to the end of its array; what dies leaves no gap.
// Size     16 octets a dot where a Place has 8: one that is looked up costs a few misses of the
//          cache, and a document of thousands of leaves moves some kilobytes when one dies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "crdt/dot.h"

namespace crdt {

template <class Place>
class DotIndex {
 public:
  // False, and nothing changes, where the dot is there already.
  bool insert(const Dot& dot, Place place) {
    auto run = run_of(dot.replica);
    if (run == runs_.end() || run->replica != dot.replica)
      run = runs_.insert(run, {dot.replica, {}});
    const auto at = place_in(run->entries, dot.counter);
    if (at != run->entries.end() && at->counter == dot.counter) return false;
    run->entries.insert(at, {dot.counter, place});
    ++size_;
    return true;
  }

  // REQUIRES the dot to be there.
  void erase(const Dot& dot) {
    const auto run = run_of(dot.replica);
    run->entries.erase(place_in(run->entries, dot.counter));
    if (run->entries.empty()) runs_.erase(run);
    --size_;
  }

  // nullptr where the dot is not there. Valid until the index changes.
  [[nodiscard]] const Place* find(const Dot& dot) const {
    const auto run = run_of(dot.replica);
    if (run == runs_.end() || run->replica != dot.replica) return nullptr;
    const auto at = place_in(run->entries, dot.counter);
    return at == run->entries.end() || at->counter != dot.counter ? nullptr : &at->place;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // The dots in order, behind those that `dots` holds.
  void append_dots(std::vector<Dot>& dots) const {
    for (const Run& run : runs_) {
      for (const Entry& entry : run.entries) dots.push_back({run.replica, entry.counter});
    }
  }

  // The dots of `replica` with a counter in [first, last], in order, behind those in `dots`.
  void append_dots(ReplicaId replica, std::uint64_t first, std::uint64_t last,
                   std::vector<Dot>& dots) const {
    const auto run = run_of(replica);
    if (run == runs_.end() || run->replica != replica) return;
    for (auto at = place_in(run->entries, first); at != run->entries.end() && at->counter <= last;
         ++at) {
      dots.push_back({replica, at->counter});
    }
  }

 private:
  struct Entry {
    std::uint64_t counter = 0;
    Place place;
  };
  struct Run {
    ReplicaId replica;
    std::vector<Entry> entries;  // Never empty between calls.
  };

  template <class Entries>
  static auto place_in(Entries& entries, std::uint64_t counter) {
    const auto before = [](const Entry& entry, std::uint64_t c) { return entry.counter < c; };
    // Most often it is behind all others.
    if (entries.empty() || entries.back().counter < counter) return entries.end();
    return std::lower_bound(entries.begin(), entries.end(), counter, before);
  }

  template <class Runs>
  static auto find_run(Runs& runs, ReplicaId replica) {
    return std::lower_bound(runs.begin(), runs.end(), replica,
                            [](const Run& run, ReplicaId r) { return run.replica < r; });
  }
  auto run_of(ReplicaId replica) { return find_run(runs_, replica); }
  auto run_of(ReplicaId replica) const { return find_run(runs_, replica); }

  std::vector<Run> runs_;  // In the order of their replicas.
  std::size_t size_ = 0;
};

}  // namespace crdt

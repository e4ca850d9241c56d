// Dice: draws of one purpose from the run's seed.
//
// Shape    every link, node and kind of input has dice of its own, named by purpose and index: what
//          is taken out of a plan does not move the draws of what remains, so plans can be thinned.
// Laws     whole numbers only: the same draws whatever the compiler and its libm.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crdt/check.h"
#include "crdt/rng.h"
#include "simulation/virtual_time.h"

namespace simulation {

class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  [[nodiscard]] crdt::Rng& rng() { return rng_; }
  std::uint64_t next() { return rng_.next(); }
  std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
  // Both ends included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + rng_.below(high - low + 1);
  }
  Duration between(Duration low, Duration high);
  bool chance(std::uint64_t in, std::uint64_t of) { return rng_.below(of) < in; }
  // About exponential, piecewise linear between powers of two, at most 40 times the mean.
  Duration exponential(Duration mean);
  crdt::Rng::Seed seed();

  template <class T>
  const T& pick(const std::vector<T>& from) {
    CHECK(!from.empty());
    return from[rng_.below(from.size())];
  }

  template <class T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[rng_.below(i)]);
  }

 private:
  crdt::Rng rng_;
};

}  // namespace simulation

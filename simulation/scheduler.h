// Scheduler: the one ordered queue of a run. Time goes from event to event.
//
// Laws     events of one moment run in the order in which they were asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "simulation/virtual_time.h"

namespace simulation {

class Scheduler {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] bool idle() const { return queue_.empty(); }
  [[nodiscard]] std::uint64_t ran() const { return ran_; }

  // A time that has passed means now.
  void at(Time time, Action action);
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Runs the next event that is due by `until`; else moves time there and says false.
  bool step(Time until);

 private:
  struct Entry {
    Time time{};
    std::uint64_t order = 0;
    std::size_t slot = 0;

    bool operator>(const Entry& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  std::vector<Action> slots_;  // So that the heap moves 24 bytes, not closures.
  std::vector<std::size_t> free_;
  std::uint64_t next_order_ = 0;
  std::uint64_t ran_ = 0;
  Time now_{};
};

}  // namespace simulation

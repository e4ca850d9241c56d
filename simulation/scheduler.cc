#include "simulation/scheduler.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"

namespace simulation {

void Scheduler::at(Time time, Action action) {
  std::size_t slot = slots_.size();
  if (free_.empty()) {
    slots_.push_back(std::move(action));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(action);
  }
  queue_.push({std::max(time, now_), next_order_++, slot});
}

bool Scheduler::step(Time until) {
  CHECK(until >= now_);
  if (queue_.empty() || queue_.top().time > until) {
    now_ = until;
    return false;
  }
  const Entry entry = queue_.top();
  queue_.pop();
  now_ = entry.time;
  const Action action = std::exchange(slots_[entry.slot], nullptr);
  free_.push_back(entry.slot);
  ++ran_;
  action();
  return true;
}

}  // namespace simulation

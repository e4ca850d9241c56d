// StatusSet: which statuses a task can have, what they are called, and which of them mean
// "finished".
//
// Shape    configured once; every peer of a cluster should have the same one. A stored name that
//          the set does not know is shown as it is and counts as unfinished, so a change of
//          configuration hides nothing.
// Errors   make() says which rule a configuration breaks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace slack::incident {

struct Status {
  std::string name;   // Lower case: what documents store and people type behind '!'.
  std::string emoji;  // Shown before a task.
  bool finished = false;
  std::vector<std::string> spellings;  // Other ways to type it, such as "cancelled".
};

class StatusSet {
 public:
  // "assigned" (default), "red", "yellow", "green", "done", "canceled".
  static const StatusSet& standard();

  // The first status is the default and unfinished. Names are 1 to 32 of a-z, 0-9, '-', '_' from a
  // letter on, all different, spellings included. "done" and "canceled" must exist and be finished,
  // for the verbs `done` and `cancel` write them.
  static crdt::Result<StatusSet> make(std::vector<Status> statuses);

  [[nodiscard]] const std::vector<Status>& all() const { return statuses_; }
  [[nodiscard]] const Status& initial() const { return statuses_.front(); }

  // By its exact stored name, or nullptr.
  [[nodiscard]] const Status* find(std::string_view name) const;

  // Those that `typed` may mean, in any case: one where it is a name, a spelling, or the beginning
  // of just one; several where it is ambiguous; none where it is unknown.
  [[nodiscard]] std::vector<const Status*> match(std::string_view typed) const;

  [[nodiscard]] bool finished(std::string_view name) const;

 private:
  explicit StatusSet(std::vector<Status> statuses) : statuses_(std::move(statuses)) {}

  std::vector<Status> statuses_;
};

// What `done` and `cancel` write; StatusSet::make makes sure that they exist.
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kCanceled = "canceled";

}  // namespace slack::incident

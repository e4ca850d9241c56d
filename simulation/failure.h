// Failure: what a run proved wrong, in one line.
#pragma once

#include <optional>
#include <string>

#include "simulation/virtual_time.h"

namespace simulation {

struct Failure {
  std::string kind;      // "safety", "liveness", "bounds", "crash", "determinism", "unknown"
  std::string property;  // The one that does not hold; two failures of one property are alike.
  std::string detail;
  Time at{};

  bool operator==(const Failure&) const = default;
};

// Takes the first failure of a run; what comes after it may be its consequence.
class Verdict {
 public:
  void fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
  }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

 private:
  std::optional<Failure> failure_;
};

}  // namespace simulation

// Verdicts: Jepsen's and Maelstrom's rules, applied to a History.
//
// Shape    set_full is Jepsen's checker of that name, but reports what it passes over at the commit
//          that Maelstrom uses: an element that a read holds twice. It also reports elements that
//          nobody asked to add.
// Source   jepsen.checker (set-full, unique-ids), maelstrom.workload.pn-counter, maelstrom.checker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/maelstrom/history.h"

namespace tests::maelstrom {

struct SetVerdict {
  std::size_t attempts = 0;
  std::size_t acknowledged = 0;
  std::vector<std::int64_t> stable;      // Seen by every read from some time on.
  std::vector<std::int64_t> lost;        // Known, and then missing for good.
  std::vector<std::int64_t> never_read;  // Nobody knows of them.
  std::vector<std::int64_t> duplicates;  // Twice in one read.
  std::vector<std::int64_t> unexpected;  // In a read, but never added.
  // For each stable element the time from when it was known to the last read that missed it.
  std::vector<simulation::Duration> stable_latencies;  // Ascending.

  [[nodiscard]] bool valid() const {
    return lost.empty() && duplicates.empty() && unexpected.empty() && !stable.empty();
  }
  // The latency that the fraction `q` of them does not exceed. REQUIRES a stable element.
  [[nodiscard]] simulation::Duration latency(double q) const;
};

[[nodiscard]] SetVerdict set_full(const History& history);

// Every last read = sum of acknowledged adds + any subset of those that nobody knows about. The
// sentence says what is wrong.
[[nodiscard]] std::optional<std::string> counter_fault(const History& history);

// Every id once.
[[nodiscard]] std::optional<std::string> ids_fault(const History& history);

// "total": every request succeeds.
[[nodiscard]] std::optional<std::string> availability_fault(const History& history);

}  // namespace tests::maelstrom

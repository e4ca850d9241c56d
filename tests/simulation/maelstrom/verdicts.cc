#include "tests/simulation/maelstrom/verdicts.h"

#include <algorithm>
#include <map>
#include <set>

#include "crdt/check.h"

namespace tests::maelstrom {
namespace {

using simulation::Duration;
using simulation::Time;

struct Moment {
  std::uint64_t index = 0;
  Time time{};
};

// What is known of one element while the history is walked.
struct Element {
  std::uint64_t invoked = 0;
  std::optional<Moment> known;         // Completion of its add, or of a read with it.
  std::optional<Moment> last_present;  // Invocation of the last read with it,
  std::optional<Moment> last_absent;   // and without it.
};

bool adds(const Operation& operation) { return operation.f == "broadcast" || operation.f == "add"; }

void keep_first(std::optional<Moment>& first, const Moment& moment) {
  if (!first || moment.index < first->index) first = moment;
}

void keep_last(std::optional<Moment>& last, const Moment& moment) {
  if (!last || moment.index > last->index) last = moment;
}

void walk_read(const Operation& read, std::map<std::int64_t, Element>& elements,
               SetVerdict& verdict) {
  std::vector<std::int64_t> seen = read.elements;
  std::sort(seen.begin(), seen.end());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (i > 0 && seen[i] == seen[i - 1]) verdict.duplicates.push_back(seen[i]);
    if (!elements.contains(seen[i])) verdict.unexpected.push_back(seen[i]);
  }
  for (auto& [value, element] : elements) {
    if (std::binary_search(seen.begin(), seen.end(), value)) {
      keep_first(element.known, {read.completed, read.completed_at});
      keep_last(element.last_present, {read.invoked, read.invoked_at});
    } else if (read.completed > element.invoked) {
      keep_last(element.last_absent, {read.invoked, read.invoked_at});
    }
  }
}

void judge(std::int64_t value, const Element& element, SetVerdict& verdict) {
  const auto& [invoked, known, present, absent] = element;
  if (present && (!absent || absent->index < present->index)) {
    verdict.stable.push_back(value);
    const Duration late = absent ? absent->time - known->time : Duration{0};
    verdict.stable_latencies.push_back(std::max(late, Duration{0}));
  } else if (known && absent && absent->index > known->index) {
    verdict.lost.push_back(value);
  } else {
    verdict.never_read.push_back(value);
  }
}

}  // namespace

Duration SetVerdict::latency(double q) const {
  CHECK(!stable_latencies.empty());
  const auto last = static_cast<double>(stable_latencies.size() - 1);
  return stable_latencies[static_cast<std::size_t>(q * last)];
}

SetVerdict set_full(const History& history) {
  SetVerdict verdict;
  std::map<std::int64_t, Element> elements;
  for (const Operation& operation : history) {
    if (!adds(operation)) continue;
    ++verdict.attempts;
    Element& element = elements[operation.value];
    element.invoked = operation.invoked;
    if (operation.outcome != Outcome::kOk) continue;
    ++verdict.acknowledged;
    keep_first(element.known, {operation.completed, operation.completed_at});
  }
  for (const Operation& operation : history) {
    if (operation.f == "read" && operation.outcome == Outcome::kOk) {
      walk_read(operation, elements, verdict);
    }
  }
  for (const auto& [value, element] : elements) judge(value, element, verdict);
  std::sort(verdict.stable_latencies.begin(), verdict.stable_latencies.end());
  return verdict;
}

std::optional<std::string> counter_fault(const History& history) {
  std::set<std::int64_t> acceptable = {0};
  std::size_t reads = 0;
  for (const Operation& operation : history) {
    if (operation.f != "add" || operation.outcome == Outcome::kFail) continue;
    std::set<std::int64_t> with;
    for (const std::int64_t sum : acceptable) with.insert(sum + operation.value);
    if (operation.outcome == Outcome::kInfo) with.insert(acceptable.begin(), acceptable.end());
    acceptable = std::move(with);
  }
  for (const Operation& operation : history) {
    if (!operation.last || operation.outcome != Outcome::kOk) continue;
    ++reads;
    if (acceptable.contains(operation.value)) continue;
    return "node " + std::to_string(operation.node) + " reads " + std::to_string(operation.value) +
           ", and acceptable is " + std::to_string(*acceptable.begin()) + " to " +
           std::to_string(*acceptable.rbegin());
  }
  if (reads == 0) return "there is no last read";
  return std::nullopt;
}

std::optional<std::string> ids_fault(const History& history) {
  std::set<std::string> ids;
  for (const Operation& operation : history) {
    if (operation.f != "generate" || operation.outcome != Outcome::kOk) continue;
    if (!ids.insert(operation.id).second) return "twice: " + operation.id;
  }
  if (ids.empty()) return "there is no id";
  return std::nullopt;
}

std::optional<std::string> availability_fault(const History& history) {
  const auto failed = std::count_if(history.begin(), history.end(), [](const Operation& each) {
    return each.outcome != Outcome::kOk;
  });
  if (failed == 0) return std::nullopt;
  return std::to_string(failed) + " of " + std::to_string(history.size()) + " requests failed";
}

}  // namespace tests::maelstrom

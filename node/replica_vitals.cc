#include "node/replica_vitals.h"

#include <algorithm>

namespace node {

using std::chrono::milliseconds;

void SlackClock::take(const crdt::Now& now, crdt::WallTime stamp) {
  if (samples_.size() == kSamplesMax) samples_.pop_front();
  samples_.push_back({now.steady, stamp.time_since_epoch() - now.steady.time_since_epoch()});
}

std::optional<milliseconds> SlackClock::ahead(const crdt::Now& now) const {
  std::optional<std::chrono::microseconds> newest;
  for (const Sample& sample : samples_) {
    if (now.steady - sample.heard > kSampleAgeMax) continue;
    newest = newest ? std::max(*newest, sample.stamp_less_steady) : sample.stamp_less_steady;
  }
  if (!newest) return std::nullopt;
  const auto own = now.wall.time_since_epoch() - now.steady.time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(own - *newest);
}

void LogHistory::take(crdt::Instant now, std::uint64_t head) {
  if (!marks_.empty()) {
    Mark& last = marks_.back();
    if (head == last.head) return;
    // What came within a second of a mark is told as if it had come with it.
    if (now - last.at < kMarkEvery) {
      last.head = head;
      return;
    }
  }
  marks_.push_back({now, head});
  if (marks_.size() <= kMarksMax) return;
  // Two become one: a row is told as older than it is, by what lay between them at most.
  std::deque<Mark> thinned;
  for (std::size_t i = 0; i < marks_.size(); i += 2) {
    thinned.push_back({marks_[i].at, marks_[std::min(i + 1, marks_.size() - 1)].head});
  }
  marks_ = std::move(thinned);
}

std::chrono::seconds LogHistory::age_beyond(std::uint64_t covered, crdt::Instant now) const {
  const auto found = std::find_if(marks_.begin(), marks_.end(),
                                  [&](const Mark& mark) { return mark.head > covered; });
  if (found == marks_.end()) return std::chrono::seconds(0);
  return std::chrono::duration_cast<std::chrono::seconds>(now - found->at);
}

}  // namespace node

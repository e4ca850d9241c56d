// Latencies: how long each request took, and what that says.
//
// Shape    every sample is kept: a percentile is one that was measured, not the edge of a bucket.
// Size     8 octets a sample; room is made before the clock starts, so that adding never allocates.
// Units    microseconds inside, milliseconds outside.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace node::cli {

struct LatencySummary {
  double p50_ms = 0;
  double p99_ms = 0;
  double p99_9_ms = 0;
  double max_ms = 0;

  bool operator==(const LatencySummary&) const = default;
};

class Latencies {
 public:
  void reserve(std::size_t count) { samples_.reserve(count); }
  void add(std::chrono::microseconds sample) { samples_.push_back(sample); }
  void add(const Latencies& others) {
    samples_.insert(samples_.end(), others.samples_.begin(), others.samples_.end());
  }

  [[nodiscard]] std::size_t count() const { return samples_.size(); }

  // The smallest sample that at least `share` of all samples do not exceed (nearest rank); 0 where
  // there are none. REQUIRES 0 < share <= 1.
  [[nodiscard]] std::chrono::microseconds percentile(double share) const;

  [[nodiscard]] LatencySummary summary() const;

 private:
  std::vector<std::chrono::microseconds> samples_;
};

// The middle one; the lower of the two middle ones; 0 where there are none.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace node::cli

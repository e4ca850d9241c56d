#include "node/cli/bench_latency.h"

#include <algorithm>
#include <cmath>

#include "crdt/check.h"

namespace node::cli {
namespace {

std::size_t nearest_rank(std::size_t count, double share) {
  // 0.99 * 100 is a little above 99: what is that close to a whole number is meant to be one.
  constexpr double kRounding = 1e-9;
  const double rank = std::ceil(static_cast<double>(count) * share - kRounding);
  return std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, count) - 1;
}

double ms(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

std::chrono::microseconds Latencies::percentile(double share) const {
  CHECK(share > 0 && share <= 1);
  if (samples_.empty()) return {};
  std::vector<std::chrono::microseconds> sorted = samples_;
  const std::size_t rank = nearest_rank(sorted.size(), share);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank),
                   sorted.end());
  return sorted[rank];
}

LatencySummary Latencies::summary() const {
  return {ms(percentile(0.5)), ms(percentile(0.99)), ms(percentile(0.999)), ms(percentile(1))};
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace node::cli

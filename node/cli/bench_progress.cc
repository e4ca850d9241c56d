#include "node/cli/bench_progress.h"

#include <iostream>
#include <utility>

#include "node/clock.h"

namespace node::cli {

BenchProgress::BenchProgress(std::string bench)
    : bench_(std::move(bench)), began_(read_clock().steady), next_(began_ + kLineEvery) {}

void BenchProgress::say(const std::string& text, crdt::Instant now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
  std::cerr << bench_ << ", " << seconds.count() << " s: " << text << std::endl;
  next_ = now + kLineEvery;
}

void BenchProgress::part(std::string what) {
  part_ = std::move(what);
  const crdt::Instant now = read_clock().steady;
  if (now >= began_ + kSoon) say(part_, now);
}

void BenchProgress::show(std::uint64_t done, std::uint64_t total) {
  const crdt::Instant now = read_clock().steady;
  if (now < next_) return;
  say(part_ + ", " + std::to_string(done) + " of " + std::to_string(total), now);
}

}  // namespace node::cli

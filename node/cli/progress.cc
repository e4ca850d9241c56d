#include "node/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "node/cli/status_table.h"
#include "node/clock.h"

namespace node::cli {
namespace {

constexpr std::uint64_t kBarWidth = 30;
constexpr std::uint64_t kPercent = 100;

}  // namespace

Progress::Progress(std::string doing)
    : doing_(std::move(doing)), terminal_(::isatty(STDERR_FILENO) == 1) {
  // Whatever is over at once needs no line.
  if (!terminal_) next_ = read_clock().steady + kLineEvery;
}

Progress::~Progress() {
  if (drawn_) std::cerr << "\n";
}

void Progress::show(std::uint64_t done, std::uint64_t total, std::uint64_t bytes) {
  const crdt::Instant now = read_clock().steady;
  if (now < next_ && done < total) return;
  if (!terminal_ && now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds(kBarEvery) : kLineEvery);
  const std::uint64_t part = total == 0 ? kPercent : std::min(done * kPercent / total, kPercent);
  std::string line = doing_ + " " + std::to_string(part) + " %, " + size_text(bytes);
  if (!terminal_) {
    std::cerr << line << "\n";
    return;
  }
  const std::uint64_t filled = part * kBarWidth / kPercent;
  std::cerr << "\r[" << std::string(filled, '#') << std::string(kBarWidth - filled, ' ') << "] "
            << line << "  " << std::flush;
  drawn_ = true;
}

}  // namespace node::cli

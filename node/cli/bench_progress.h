// BenchProgress: what a long benchmark is doing, on stderr: nothing of one that is soon over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "crdt/instant.h"

namespace node::cli {

class BenchProgress {
 public:
  static constexpr std::chrono::seconds kSoon{3};
  static constexpr std::chrono::seconds kLineEvery{5};

  // `bench` begins each line.
  explicit BenchProgress(std::string bench);

  // What follows is `what`, until the next call.
  void part(std::string what);

  // How far that is, now and then.
  void show(std::uint64_t done, std::uint64_t total);

 private:
  void say(const std::string& text, crdt::Instant now);

  std::string bench_;
  std::string part_;
  crdt::Instant began_;
  crdt::Instant next_;
};

}  // namespace node::cli

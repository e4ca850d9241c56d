// Progress: how far a long command is, on stderr: a bar where a person watches, else a line now and
// then for the log that it goes to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "crdt/instant.h"

namespace node::cli {

class Progress {
 public:
  static constexpr std::chrono::milliseconds kBarEvery{100};
  static constexpr std::chrono::seconds kLineEvery{10};

  // `doing` begins each line: "backup".
  explicit Progress(std::string doing);
  ~Progress();  // Ends the bar's line.

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of about `total`.
  void show(std::uint64_t done, std::uint64_t total, std::uint64_t bytes);

 private:
  std::string doing_;
  bool terminal_;
  bool drawn_ = false;
  crdt::Instant next_;
};

}  // namespace node::cli

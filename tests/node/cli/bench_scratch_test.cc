// Benchmarks leave nothing behind: not even those that were killed, once the next one runs.
#include "node/cli/bench_scratch.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace {

namespace fs = std::filesystem;
using node::cli::ScratchFolder;

// A process that was here and is not any more.
pid_t gone() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(BenchScratch, WhatAKilledBenchmarkLeftGoesWithTheNextAndNothingElseDoes) {
  // Not where temporary files go: that may be in memory, where no benchmark runs.
  const fs::path base = fs::current_path() / ("scratch-" + std::to_string(::getpid()));
  fs::remove_all(base);
  const std::string stale = "muster-bench-" + std::to_string(gone()) + "-abcdef";
  const std::string busy = "muster-bench-" + std::to_string(::getpid()) + "-abcdef";
  for (const std::string& name : {stale, busy, std::string("muster-bench-kept-abcdef"),
                                  std::string("muster-bench-1"), std::string("another")}) {
    fs::create_directories(base / name / "store");
  }
  fs::path own;
  {
    const auto made = ScratchFolder::make(base.string(), false);
    ASSERT_TRUE(made) << made.error().message;
    own = (*made)->path();
    EXPECT_TRUE(fs::exists(own));
    EXPECT_FALSE(fs::exists(base / stale));
    for (const char* kept : {"muster-bench-kept-abcdef", "muster-bench-1", "another"}) {
      EXPECT_TRUE(fs::exists(base / kept)) << kept;
    }
    EXPECT_TRUE(fs::exists(base / busy));
  }
  EXPECT_FALSE(fs::exists(own));
  fs::remove_all(base);
}

}  // namespace

// `muster bench requests`: what a durable slash command costs the server that takes it.
//
// Shape    a cluster of its own (real `muster serve` processes, direct links, shipped config) in a
//          fresh folder for each run, or a server that runs already (--target).
//          fill -> warm-up -> measured run, each with requests signed before its clock starts.
// Units    CPU is that of the server processes alone (user and system time), over the requests
//          answered with 200.
// Errors   one sentence; no process and no folder is left behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "node/cli/bench_figures.h"

namespace node::cli {

struct BenchRequestsOptions {
  double seconds = 10;
  std::uint64_t connections = 64;
  std::uint64_t peers = 1;
  std::uint64_t channels = 200;
  std::uint64_t tasks = 16;
  double rate = 0;
  std::uint64_t runs = 3;
  std::string dir;  // Where the folder of a run is made; empty: where temporary files go.
  bool keep = false;
  bool anchors = true;

  std::string target;  // URL of a server that runs; the rest is about that one.
  std::string secret_file;
  std::string command = "/ir";
  std::vector<int> pids;
};

// Measures `runs` times and returns the figures of the run with the median CPU time (without CPU
// times: the median rate).
[[nodiscard]] crdt::Result<BenchFigures> bench_requests(const BenchRequestsOptions& options);

}  // namespace node::cli

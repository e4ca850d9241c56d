// BenchFigures: what one benchmark of the request path found, and how it is shown.
//
// Shape    JSON for programs, a table for people; both from one value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/cli/bench_latency.h"

namespace node::cli {

// What the same machine does without Muster, in the same run.
struct Anchors {
  double lmdb_group_commit_writes_per_second = 0;
  double lmdb_group_commit_cpu_us_per_write = 0;
  double lmdb_single_commit_writes_per_second = 0;
  double fdatasync_per_second = 0;
  double rows_per_write = 0;
  double bytes_per_write = 0;
};

struct BenchFigures {
  std::string target;  // Empty: peers that the benchmark started.
  std::uint64_t connections = 0;
  std::uint64_t peers = 0;
  double rate = 0;  // Of an open loop; 0: closed.
  double seconds = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  std::uint64_t non_changes = 0;  // Answers that the peer did not count as a change.
  double requests_per_second = 0;
  LatencySummary latency;
  std::optional<double> cpu_us_per_request;
  std::vector<double> cpu_us_of_runs;  // All runs; these figures are those of the median one.
  std::optional<double> rss_anon_mib;  // Of all measured processes.
  std::optional<double> batch_mean;    // Requests to a commit at the loaded peer.
  double generator_cpu_percent = 0;    // Of one core.
  double other_cpu_percent = 0;        // What else the machine did: above 15, repeat it.
  std::optional<Anchors> anchors;
};

// The goal for server CPU a request, and what it must never exceed; nothing where there is none.
struct CpuLimit {
  double goal_us = 0;
  double never_above_us = 0;
};
[[nodiscard]] std::optional<CpuLimit> cpu_limit(const BenchFigures& figures);

// One object; further points of a sweep are in its "sweep".
[[nodiscard]] std::string to_json(const std::vector<BenchFigures>& points);

[[nodiscard]] std::string to_table(const BenchFigures& figures);

}  // namespace node::cli

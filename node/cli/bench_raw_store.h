// RawStore: the same rows that a node writes, written to a bare LMDB by nothing but a loop.
//
// The anchor of every durability figure: what the disk and LMDB alone cost on this machine, today.
//
// Shape    record_writes() runs the node's own Replica in memory over a workload and keeps what it
//          put for each request; RawStore replays that, so many requests to a commit.
// Size     the rows of kRecordedMax requests, about 3 kB each. A replay ends with them: a second
//          pass would overwrite rows that a node appends, which is cheaper.
// Errors   what LMDB says, as a sentence.
// Thread   one.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "node/cli/bench_workload.h"

namespace node::cli {

// The puts of one request in order; no value: the key is erased.
using RecordedWrites = std::vector<std::pair<crdt::Bytes, std::optional<crdt::Bytes>>>;

struct Recording {
  RecordedWrites base;                   // What the filled channels take.
  std::vector<RecordedWrites> requests;  // What each further request wrote.
  double rows_per_request = 0;
  double bytes_per_request = 0;  // Keys and values.
};

inline constexpr std::size_t kRecordedMax = 32'768;  // A second's worth of group commits.

// REQUIRES a workload of kIncidents. An Error if a request was refused or changed nothing.
[[nodiscard]] crdt::Result<Recording> record_writes(const Workload& workload, std::size_t requests);

struct RawRate {
  double writes_per_second = 0;
  double cpu_us_per_write = 0;
};

// Replays `recording` in an environment of its own in `folder`, `batch` requests to a commit, each
// commit durable, until `duration` is over or all are written. REQUIRES 0 < batch
[[nodiscard]] crdt::Result<RawRate> raw_commit_rate(const std::filesystem::path& folder,
                                                    const Recording& recording, std::size_t batch,
                                                    std::chrono::milliseconds duration);

}  // namespace node::cli

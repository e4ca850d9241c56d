// Repair at full size: a peer that restarts, one that is filled, two that compare what they hold.
//
// Shape    two real peers; the first one's store is filled before it starts. Octets are those that
//          both peers have sealed and sent from a start of both until they are equal, handshakes
//          and probes included; two empty peers in the same way stand beside them.
// Errors   one sentence; no process is left behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "crdt/result.h"
#include "node/cli/bench_progress.h"
#include "node/cli/bench_replication_figures.h"

namespace node::cli {

struct BenchRepairOptions {
  std::filesystem::path folder;
  std::filesystem::path binary;
  std::uint64_t channels = 100'000;
};

[[nodiscard]] crdt::Result<RepairFigures> bench_repair(const BenchRepairOptions& options,
                                                       BenchProgress& progress);

}  // namespace node::cli

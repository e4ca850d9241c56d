// `muster bench replication`: how soon peers know of a write, a crash and a removal, and what that
// takes on the wire.
//
// Shape    N real peers on loopback (node/cli/bench_cluster.h), in a network of their own where the
//          kernel allows one. One part after another: start, writes, copies, idle, crash, removal.
//          Nothing polls a peer while it is measured: a write is timed by the writer's own answer
//          to wait=all, crashes and removals by the stamps in the logs that peers write anyway,
//          traffic by the loopback's counters and the peers' own.
// Errors   one sentence; no process and no folder is left behind.
#pragma once

#include <cstdint>
#include <string>

#include "crdt/result.h"
#include "node/cli/bench_replication_figures.h"

namespace node::cli {

struct BenchReplicationOptions {
  std::uint64_t peers = 3;
  std::uint64_t writes = 100;
  double idle_seconds = 20;  // 0 leaves the idle peers out.
  std::string dir;           // Where the folder of a run is made; empty: where temporary files go.
  bool keep = false;
  std::string serf;  // Its program; empty: the one on PATH.
  bool beside_serf = true;
  std::uint64_t channels = 0;  // Of the repair part; 0 leaves it out.
};

[[nodiscard]] crdt::Result<ReplicationFigures> bench_replication(
    const BenchReplicationOptions& options);

}  // namespace node::cli

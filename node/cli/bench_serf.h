// serf beside Muster: the same number of its agents on the same machine, told and killed alike.
//
// Shape    agents with their LAN settings on loopback. Each is watched over its RPC connection,
//          which streams what it sees to whoever asked: nothing is polled, and no handler process
//          is started for an event.
// Errors   whoever has no serf gets figures that say so, and no Error.
// Source   serf 0.9's RPC: a stream of MessagePack, https://github.com/hashicorp/serf
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "node/cli/bench_replication_figures.h"

namespace node::cli {

struct BenchSerfOptions {
  std::string program;  // Empty: the one on PATH.
  std::filesystem::path folder;
  std::uint64_t nodes = 3;
  std::uint64_t events = 20;
  double idle_seconds = 20;      // 0 leaves the idle agents out.
  bool counts_are_ours = false;  // Nobody else is on the loopback.
};

[[nodiscard]] SerfFigures bench_serf(const BenchSerfOptions& options);

}  // namespace node::cli

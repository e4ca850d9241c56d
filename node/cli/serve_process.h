// A peer as a child process: `muster serve` with a folder of its own.
//
// Errors   a peer that does not come to listen is an Error with the last line that it printed; no
//          process is left behind.
// Thread   one: see ChildProcess.
#pragma once

#include <chrono>
#include <filesystem>

#include "crdt/result.h"
#include "node/cli/child_process.h"

namespace node::cli {

// Starts the peer of `config` and returns when it listens. What it prints goes to `output`.
[[nodiscard]] crdt::Result<ChildProcess> start_serving(const std::filesystem::path& binary,
                                                       const std::filesystem::path& config,
                                                       const std::filesystem::path& output,
                                                       std::chrono::milliseconds patience);

}  // namespace node::cli

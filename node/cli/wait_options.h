// WaitOptions: --wait and --timeout of commands that change something through a running peer: how
// many peers are to have it durably, and how long that is waited for (node/replica_wait.h).
//
// Errors   a change that too few have in time is made all the same: kTooFew says so to scripts.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "crdt/result.h"

namespace node::cli {

struct WaitOptions {
  std::string wait = "local";
  std::string timeout = "2s";

  [[nodiscard]] bool for_others() const { return wait != "local" && wait != "1"; }
};

// `options` outlives `command`.
void add_wait_options(CLI::App& command, WaitOptions& options);

// What a command's help says of kTooFew, ending in a new line.
[[nodiscard]] const char* wait_help();

// "?wait=all&timeout=2s", or what is wrong with either.
[[nodiscard]] crdt::Result<std::string> wait_query(const WaitOptions& options);

// Prints who has it, and who is not known to, of what the peer answered under "wait"; nothing where
// only the peer itself was to have it.
void print_wait(const nlohmann::json& wait, const WaitOptions& options);

// kDone, or kTooFew after saying so on stderr.
[[nodiscard]] int wait_outcome(const nlohmann::json& wait, const WaitOptions& options);

}  // namespace node::cli

// muster backup: one file from a peer, running or not.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_backup(CLI::App& app, Action& action);

}  // namespace node::cli

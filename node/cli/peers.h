// `muster peers`: who belongs to the cluster, and who is to leave it.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_peers(CLI::App& app, Action& action);

}  // namespace node::cli

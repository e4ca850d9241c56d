// `muster join`: makes this machine a member of a cluster, with a token.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_join(CLI::App& app, Action& action);

}  // namespace node::cli

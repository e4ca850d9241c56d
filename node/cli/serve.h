// `muster serve`: one node, until it is told to stop.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_serve(CLI::App& app, Action& action);

}  // namespace node::cli

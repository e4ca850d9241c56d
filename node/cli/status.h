// `muster status`: what a node says of itself, as a table or as JSON.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_status(CLI::App& app, Action& action);

}  // namespace node::cli

// `muster init`: makes a node's identity and a configuration to start from.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_init(CLI::App& app, Action& action);

}  // namespace node::cli

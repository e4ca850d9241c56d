// `muster config`: reads and sets the keys that all peers share.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_config(CLI::App& app, Action& action);

}  // namespace node::cli

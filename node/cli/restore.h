// muster restore: a store from a backup.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_restore(CLI::App& app, Action& action);

}  // namespace node::cli

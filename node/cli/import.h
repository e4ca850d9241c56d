// muster import: joins what an export holds into a running peer or a stopped one's store.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_import(CLI::App& app, Action& action);

}  // namespace node::cli

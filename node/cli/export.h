// muster export: what a store holds, as lines of JSON that people can read.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_export(CLI::App& app, Action& action);

}  // namespace node::cli

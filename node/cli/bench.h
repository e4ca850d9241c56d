// `muster bench`: measures what the product promises, on this machine, beside what the machine can.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_bench(CLI::App& app, Action& action);

}  // namespace node::cli

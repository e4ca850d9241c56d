// `muster doctor`: finds out what is wrong with a peer, running or not, and says what to do.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_doctor(CLI::App& app, Action& action);

}  // namespace node::cli

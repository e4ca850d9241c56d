// `muster forget`: forgets events and answers before their time is over, or all of one channel.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_forget(CLI::App& app, Action& action);

}  // namespace node::cli

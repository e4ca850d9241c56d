// `muster invite`: a token with which one new node may join.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_invite(CLI::App& app, Action& action);

}  // namespace node::cli

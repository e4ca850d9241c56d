// `muster slack`: one slash command to any peer, signed as Slack would, and the answer drawn.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_slack(CLI::App& app, Action& action);

}  // namespace node::cli

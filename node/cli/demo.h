// `muster demo`: three peers on this machine and a prompt that plays Slack.
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_demo(CLI::App& app, Action& action);

}  // namespace node::cli

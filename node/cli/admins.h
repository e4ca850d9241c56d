// `muster admins`: who may what at every peer of a cluster (node/admin_grants.h).
#pragma once

#include <CLI/CLI.hpp>

#include "node/cli/command.h"

namespace node::cli {

void add_admins(CLI::App& app, Action& action);

}  // namespace node::cli

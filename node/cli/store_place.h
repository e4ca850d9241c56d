// StorePlace: which store a command is about: a folder, or the configuration that names it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "crdt/result.h"
#include "node/config.h"

namespace node::cli {

struct PlaceOptions {
  std::string config;
  std::string data;
};

// Adds --config and --data, of which a line needs one. `options` outlives `command`.
void add_place_options(CLI::App& command, PlaceOptions& options);

// With --data, cluster and node are empty.
[[nodiscard]] crdt::Result<StorePlace> place_of(const PlaceOptions& options);

}  // namespace node::cli

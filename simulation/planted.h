// Planted: the bugs of crdt/planted.h by name, each with its story, and the one that is on.
//
// Shape    one row a bug. `folder` is where it lies.
// Errors   a name that no bug has, and a build without planted bugs.
#pragma once

#include <span>
#include <string_view>

#include "crdt/planted.h"
#include "crdt/result.h"
#include "simulation/options.h"

namespace simulation {

struct PlantedBug {
  crdt::Bug bug;
  std::string_view name;        // On the command line.
  std::string_view folder;      // "crdt", "gossip", "slack" or "node".
  std::string_view story;       // What goes wrong, and who was bitten by it.
  std::string_view needs = "";  // What no default run has, and without which it never shows.
  StoreKind store = StoreKind::kMemory;  // Where it can show.
};

[[nodiscard]] std::span<const PlantedBug> planted_bugs();

// Switches the bug called `name` on for the whole process, and any other off. An empty name: none.
[[nodiscard]] crdt::Result<void> plant(std::string_view name);

}  // namespace simulation

// PlantedTable: which planted bugs the simulator finds, in how many seeds, and in how few events it
// can tell them.
//
// Shape    one row a bug: seeds are run with it, counting up, until one fails; that run is shrunk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "simulation/campaign.h"
#include "simulation/failure.h"
#include "simulation/planted.h"

namespace simulation {

struct TableRow {
  const PlantedBug* bug = nullptr;
  std::uint64_t seeds = 0;         // Run; the last of them found it, if any did.
  std::optional<Failure> failure;  // Absent: not found.
  std::size_t events_before = 0;   // Commands, second deliveries and faults of the failing run,
  std::size_t events_after = 0;    // and of the shrunk one.
  std::uint64_t nodes_after = 0;
};

// Of the campaign's first seed on, at most its `seeds`.
[[nodiscard]] TableRow table_row(const PlantedBug& bug, CampaignOptions campaign);

// A line of Markdown; and what stands above such lines.
[[nodiscard]] std::string line_of(const TableRow& row);
[[nodiscard]] std::string table_head();

}  // namespace simulation

// Draws a status for a terminal: one sentence that says whether all is well, the peers, counters,
// and what the peer says of itself, in the words of whoever runs it.
//
// Shape    a field that is not known here is shown by its name, so a peer may say more than this
//          program was built for. Programs read the JSON instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace node::cli {

struct StatusTable {
  std::string text;
};

// Rows in columns that line up, each line after two spaces.
[[nodiscard]] std::string draw_rows(const std::vector<std::vector<std::string>>& rows);

[[nodiscard]] crdt::Result<StatusTable> draw_status(std::string_view json);

// "1.5 GiB"
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace node::cli

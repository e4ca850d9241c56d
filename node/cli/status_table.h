// Draws a status, or any JSON object like it, for a terminal: values first, lists of objects as
// tables.
//
// Shape    knows no field by name, so a node may say more than this program was built for.
#pragma once

#include <string>
#include <string_view>

#include "crdt/result.h"

namespace node::cli {

struct StatusTable {
  std::string text;
};

[[nodiscard]] crdt::Result<StatusTable> draw_status(std::string_view json);

}  // namespace node::cli

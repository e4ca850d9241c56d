// Plural: counts as sentences have them.
#pragma once

#include <cstdint>
#include <string>

namespace node::cli {

// "1 change", "2 changes".
[[nodiscard]] inline std::string plural(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace node::cli

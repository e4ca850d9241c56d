// The version of this program, as people and packages call it.
#pragma once

#include <string_view>

namespace node {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace node

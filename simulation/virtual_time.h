// VirtualTime: the time of a run, which passes only as fast as its events are worked through.
//
// Units    microseconds since the run began; no machine's clock has a part in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulation {

using Duration = std::chrono::microseconds;
using Time = std::chrono::microseconds;

using namespace std::chrono_literals;

// "3:07.250000": minutes, seconds, microseconds.
[[nodiscard]] std::string to_text(Time time);

// The inverse; nothing else will do.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

}  // namespace simulation

// Clock: the one place in Muster that asks the machine what time it is.
#pragma once

#include <chrono>
#include <string>

#include "crdt/instant.h"

namespace node {

// Both times of this moment.
[[nodiscard]] crdt::Now read_clock();

// The same moment on the clock that Asio's timers run by.
[[nodiscard]] std::chrono::steady_clock::time_point timer_time(crdt::Instant instant);

// As HTTP's Date header wants it: "Fri, 20 Nov 2026 23:24:13 GMT".
[[nodiscard]] std::string http_date(crdt::WallTime time);

// "2026-11-20T23:24:13Z".
[[nodiscard]] std::string utc_text(crdt::WallTime time);

}  // namespace node

// Events: the JSON half of slack/request.h, without signatures.
#pragma once

#include <string_view>

#include "slack/request.h"

namespace slack {

// Unknown members are ignored; optional ones may be absent or null. `signed_at` is when Slack sent
// it.
[[nodiscard]] Request parse_event(std::string_view body, crdt::WallTime signed_at);

}  // namespace slack

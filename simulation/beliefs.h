// Beliefs: what a node tells its operators of the others, held against who is there.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace simulation {

// The first thing that is wrong in `status`, a node's answer to GET /status, where all the nodes
// called `names` are alive, linked with each other and caught up; nothing where all is right.
[[nodiscard]] std::optional<std::string> wrong_belief(std::string_view status,
                                                      const std::set<std::string>& names);

}  // namespace simulation

// Help: texts that teach `/ir`, as a whole and verb by verb.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slack/incident/phrases.h"
#include "slack/incident/status_set.h"

namespace slack::incident {

// Lines of mrkdwn. `topic`: a verb, "update", "users", "status", or empty for all of it.
[[nodiscard]] std::vector<std::string> help_lines(std::string_view topic, const StatusSet& statuses,
                                                  const Audience& audience);

}  // namespace slack::incident

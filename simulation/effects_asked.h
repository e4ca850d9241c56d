// EffectsAsked: which fields a command may write, judged by Slack's grammar and nothing else.
#pragma once

#include <string>
#include <vector>

#include "simulation/plan.h"

namespace simulation {

struct FieldAsked {
  std::string path_end;   // "/status"
  std::string value;      // Empty: any.
  bool at_first = false;  // What a task says of it before anybody does.
};

[[nodiscard]] std::vector<FieldAsked> effects_asked(const Command& command);

}  // namespace simulation

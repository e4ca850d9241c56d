// People: who types what, where and when.
//
// Shape    drawn beforehand: nobody waits for an answer before the next command. Texts of new tasks
//          are unique in a run, so that what is done twice shows. Some commands come in bursts:
//          several people at the same task in the same second, each at another peer.
#pragma once

#include <vector>

#include "simulation/plan.h"

namespace simulation {

[[nodiscard]] std::vector<Command> draw_commands(const Options& options);

}  // namespace simulation

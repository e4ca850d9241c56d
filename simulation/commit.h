// Commit: what this program was built from: a seed means something only together with it.
#pragma once

namespace simulation {

// Short, "-dirty" behind it where files were changed; "unknown" outside of a repository. CMake
// writes the definition anew in each build.
extern const char* const kCommit;

}  // namespace simulation

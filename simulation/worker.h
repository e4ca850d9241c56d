// Worker: runs plans in a process of its own, so that a failed CHECK is a finding and not the end.
//
// Shape    one request a line, one answer a line, both JSON. A request names a plan: by the options
//          it is drawn from, or as written.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/plan.h"
#include "simulation/run.h"

namespace simulation {

struct WorkerRequest {
  Options options;            // Drawn from, with all of its faults allowed,
  bool exactly = false;       // or with none of them switched off;
  std::string plan;           // or, where not empty, the plan as text.
  bool keep_digests = false;  // The answer has them, for finding the first difference.
  std::optional<std::uint64_t> describe;
  std::string commit;   // Of which the worker must be; any where empty.
  std::string planted;  // The planted bug to run with (simulation/planted.h); none where empty.
  std::string html;     // Where not empty: the run is drawn into this file (simulation/diagram.h).

  [[nodiscard]] crdt::Result<Plan> make_plan() const;
};

[[nodiscard]] std::string to_json(const WorkerRequest& request);

// Answers requests until the input ends, as a program of `commit`. Returns the process's exit code.
int serve_requests(std::istream& in, std::ostream& out, std::string_view commit);

}  // namespace simulation

// History: what clients asked and were told in one test of Maelstrom's kind, as Jepsen records it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/virtual_time.h"

namespace tests::maelstrom {

enum class Outcome {
  kOk,
  kFail,  // It certainly did not happen, or was a read.
  kInfo,  // Nobody knows: no answer came, or one that leaves it open.
};

// What a client does in Maelstrom's words: "broadcast", "add", "read", "generate", "echo".
struct Operation {
  std::string f;
  std::int64_t value = 0;              // Of what adds; of a counter's read what was read.
  std::vector<std::int64_t> elements;  // Of a set's read, in the order of the answer.
  std::string id;                      // Of "generate".
  std::size_t node = 0;
  Outcome outcome = Outcome::kInfo;
  bool last = false;  // A read after everything healed.
  // Places in the one order of all invocations and completions, and their times.
  std::uint64_t invoked = 0;
  std::uint64_t completed = 0;
  simulation::Time invoked_at{};
  simulation::Time completed_at{};
};

using History = std::vector<Operation>;  // In the order of invocation.

}  // namespace tests::maelstrom

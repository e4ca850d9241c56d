#include "simulation/coverage.h"

namespace simulation {

std::string_view name_of(Mark mark) {
  static constexpr std::array<std::string_view, kMarks> kNames{
      "a command was answered",
      "a command was retried on another peer",
      "a retry was signed anew",
      "a command was delivered twice",
      "a command was delivered later than it was signed",
      "a peer refused a command for now",
      "nobody answered a command",
      "a peer refused a signature by its clock",
      "Muster asked which task was meant",
      "an answer showed a conflict",
      "a task was shown with its letter",
      "a dial was refused",
      "a dial timed out",
      "a link was reset",
      "a frame was broken off",
      "a bit was flipped on the way",
      "bytes were replayed within their link",
      "a recorded link was replayed by a stranger",
      "bytes were held back by a cut and came later",
      "one end of a link forgot it",
      "a node crashed between two batches",
      "a node crashed within a batch",
      "a node crashed right before a commit",
      "a node crashed right after a commit",
      "a node crashed after a commit and before its effects",
      "a node crashed while starting",
      "a commit failed",
      "a commit failed and its writes stayed",
      "a disk was full",
      "a read-only peer answered",
      "a wiped node held changes that nobody else had",
      "a node was paused",
      "a clock jumped",
      "one request was handled on two peers",
      "a bare number meant another task on the other side of a cut",
      "every peer was asked for a change that was answered at once",
      "every peer was asked for a change a second after it was answered",
      "a command named a number that two tasks had",
      "a node's horizon moved",
      "a record was forgotten",
      "a machine went on as it had been before",
      "a store that had lost something caught up",
      "the cluster healed",
      "a remainder stayed broken for ever",
  };
  return kNames[static_cast<std::size_t>(mark)];
}

}  // namespace simulation

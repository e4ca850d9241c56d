// Workload: which slash command the load generator sends as its i-th.
//
// Shape    a pure function of the index, so that commands can be signed before the clock starts and
//          a run can go on where another stopped.
//          kIncidents  every command changes something. Of T + 1 commands in a channel of T tasks,
//                      T - 2 set a task's status (to red, to yellow, to red, ...), one rewrites a
//                      text, one assigns or takes off a person, and one adds a task. Adds go to
//                      channels of their own, T to each, so that no channel outgrows T tasks.
//          kAdds       "add" only, into C channels that grow: for servers that know nothing else.
//          Channels take turns, tasks within a channel too: C * T commands lie between two of one
//          task, so answers may overtake one another and each is still a change.
// Size     C * T >= kInFlightMax * the connections, where that must hold (checked by who calls).
#pragma once

#include <cstdint>
#include <string>

#include "node/cli/slack_request.h"

namespace node::cli {

class Workload {
 public:
  enum class Kind { kIncidents, kAdds };

  struct Options {
    Kind kind = Kind::kIncidents;
    std::uint64_t channels = 200;
    std::uint64_t tasks = 16;
    std::string command = "/ir";
  };

  // The text and the people of a task's kinds need three tasks.
  static constexpr std::uint64_t kTasksMin = 3;
  // Connections are served in turn; four times as many commands between two of one task is ample.
  static constexpr std::uint64_t kTurnsApart = 4;

  explicit Workload(Options options);

  // The commands that bring channels to the state that kIncidents begins with.
  [[nodiscard]] std::uint64_t fill_size() const { return options_.channels * options_.tasks; }
  [[nodiscard]] SlashCommand fill(std::uint64_t index) const;

  [[nodiscard]] SlashCommand command(std::uint64_t index) const;

 private:
  [[nodiscard]] SlashCommand in_channel(std::uint64_t channel, std::uint64_t trigger) const;
  [[nodiscard]] std::string update(std::uint64_t task, std::uint64_t visit) const;

  Options options_;
};

}  // namespace node::cli

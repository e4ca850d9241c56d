#include "simulation/people.h"

#include <algorithm>
#include <array>
#include <map>

#include "simulation/dice.h"
#include "simulation/slack_workspace.h"

namespace simulation {
namespace {

constexpr Duration kTail = 1s;          // Before the end, so that the last command is answered.
constexpr std::uint64_t kBurstMax = 4;  // People at one task in one moment.
constexpr Duration kBurstSpread = 400ms;
constexpr Duration kBurstClose = 15ms;  // Closer than a change takes to be everywhere.
constexpr Duration kTravelMax = 3s;     // Slack waits no longer for an answer.
constexpr Duration kLateMin = 20s;
constexpr std::uint64_t kTasksAimed = 16;  // In a channel: an incident has 12 to 24.

constexpr std::array kStatuses{"red", "yellow", "green", "assigned", "done", "canceled"};

class People {
 public:
  explicit People(const Options& options)
      : options_(options), dice_(options.seed, "people"), travel_(options.seed, "travel") {}

  std::vector<Command> draw() {
    const Time end = options_.length - kTail;
    for (Time at = dice_.exponential(options_.command_every); at < end;) {
      const std::uint64_t in_burst =
          dice_.chance(options_.burst_percent, 100) ? dice_.between(2, kBurstMax) : 1;
      const std::string channel = "C" + std::to_string(1 + dice_.below(options_.channels));
      const std::uint64_t task = draw_task(channel);
      const Duration spread = dice_.chance(1, 2) ? kBurstSpread : kBurstClose;
      Time begin = at;
      for (std::uint64_t i = 0; i < in_burst; ++i) {
        const Time typed = std::min(begin + dice_.between(0us, spread), end);
        commands_.push_back(draw_command(typed, channel, task));
        at += dice_.exponential(options_.command_every);
        if (spread == kBurstSpread) begin = at;
      }
    }
    std::stable_sort(commands_.begin(), commands_.end(),
                     [](const Command& a, const Command& b) { return a.at < b.at; });
    return std::move(commands_);
  }

 private:
  // A number that probably is some task's by now.
  std::uint64_t draw_task(const std::string& channel) {
    return 1 + dice_.below(std::max<std::uint64_t>(1, added_[channel]));
  }

  Command draw_command(Time at, const std::string& channel, std::uint64_t task) {
    Command command;
    command.at = at;
    command.trigger = ++triggers_;
    command.user = draw_user();
    command.channel = channel;
    command.text = draw_text(channel, std::to_string(task));
    // The load balancer hashes by channel, unless it has a reason not to.
    const NodeIndex home = std::stoull(channel.substr(1)) % options_.nodes;
    const NodeIndex first = dice_.chance(1, 2) ? dice_.below(options_.nodes) : home;
    for (std::size_t i = 0; i < kAttemptsMax; ++i) {
      const NodeIndex node = (first + i + (i > 0 ? dice_.below(2) : 0)) % options_.nodes;
      command.attempts.push_back({0us, node, i > 0 && resigned()});
    }
    if (travel_.chance(options_.late_percent, 100)) {
      const Duration longest = options_.length - at;
      command.attempts.front().after = std::min(travel_.between(50ms, kTravelMax), longest);
    }
    if (dice_.chance(options_.doubled_percent, 100)) {
      command.doubles.push_back({draw_delay(at), dice_.below(options_.nodes), resigned()});
    }
    return command;
  }

  // Of a second delivery: at once, or minutes later, as Slack does where an answer got lost.
  Duration draw_delay(Time at) {
    if (!dice_.chance(1, 3)) return dice_.exponential(500ms);
    return std::min(dice_.between(kLateMin, delivered_within(options_)),
                    std::max(0us, options_.length - at));
  }

  bool resigned() { return dice_.chance(options_.resigned_percent, 100); }
  std::string draw_user() { return "U" + std::to_string(1 + dice_.below(options_.people)); }
  std::string status() { return std::string("!") + kStatuses.at(dice_.below(kStatuses.size())); }

  std::string draw_text(const std::string& channel, const std::string& task) {
    const bool few = added_[channel] < kTasksAimed;
    const std::uint64_t dice = dice_.below(few ? 100 : 78);
    if (added_[channel] == 0 || dice >= 70) return draw_add(channel);
    if (dice < 28) return task + " " + status();
    if (dice < 35) return task + ": text " + std::to_string(triggers_) + " of " + channel;
    if (dice < 42) return task + " <@" + draw_user() + ">";
    if (dice < 46) return task + " -<@" + draw_user() + ">";
    if (dice < 51) return "done " + task;
    if (dice < 55) return "reopen " + task;
    if (dice < 58) return "cancel " + task;
    if (dice < 63) return "take " + task;
    if (dice < 65) return "drop " + task;
    if (dice < 66) return task + static_cast<char>('a' + dice_.below(options_.nodes)) + " !done";
    return dice < 68 ? "list all" : "";
  }

  std::string draw_add(const std::string& channel) {
    ++added_[channel];
    std::string text = "add job " + std::to_string(triggers_) + " of " + channel;
    if (dice_.chance(1, 2)) text += " <@" + draw_user() + ">";
    if (dice_.chance(1, 4)) text += " " + status();
    return text;
  }

  const Options& options_;
  Dice dice_;
  Dice travel_;
  std::map<std::string, std::uint64_t> added_;
  std::uint64_t triggers_ = 0;
  std::vector<Command> commands_;
};

}  // namespace

std::vector<Command> draw_commands(const Options& options) { return People(options).draw(); }

}  // namespace simulation

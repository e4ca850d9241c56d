#include "simulation/arguments.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "simulation/planted.h"

namespace simulation {
namespace {

// Two options of which one would have to be ignored.
struct Clash {
  std::string_view option;
  std::vector<std::string_view> others;
  std::string_view why;
};

const std::vector<Clash>& clashes() {
  static const std::vector<Clash> kClashes{
      {"--replay",
       {"--seed", "--seeds", "--for", "--minutes", "--hours", "--nodes", "--faults", "--store"},
       "the plan in the file says it"},
      {"--hours", {"--minutes"}, "both say how long a run is"},
      {"--for", {"--seeds"}, "both say when to stop"},
      {"--html", {"--seeds", "--for"}, "a page shows one run"},
      {"--shrink",
       {"--seeds", "--for", "--json", "--twice", "--against", "--all", "--marks"},
       "one failing run is thinned, and only its plan is printed"},
      {"--plan",
       {"--seeds", "--for", "--html", "--json", "--shrink", "--twice", "--against", "--all",
        "--marks", "--jobs", "--plant"},
       "nothing is run"},
      {"--list-planted",
       {"--replay", "--plan", "--shrink", "--plant", "--planted-table"},
       "nothing is run"},
      {"--planted-table",
       {"--replay", "--plan", "--shrink", "--for", "--html", "--twice", "--against", "--all",
        "--marks", "--json"},
       "it runs seeds until each bug is found, and thins what found it"},
  };
  return kClashes;
}

// Leaves no empty file behind where there was none.
bool can_write(const std::string& path) {
  std::error_code ignored;
  const bool was_there = std::filesystem::exists(path, ignored);
  if (!std::ofstream(path, std::ios::app).good()) return false;
  if (!was_there) std::filesystem::remove(path, ignored);
  return true;
}

crdt::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return crdt::Error("cannot read " + path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return crdt::Result<std::string>{boost::system::in_place_value, std::move(text)};
}

}  // namespace

std::optional<std::string> why_not(const Arguments& arguments) {
  for (const Clash& clash : clashes()) {
    if (!arguments.named.contains(std::string(clash.option))) continue;
    for (const std::string_view other : clash.others) {
      if (!arguments.named.contains(std::string(other))) continue;
      return std::string(other) + " says nothing beside " + std::string(clash.option) + ": " +
             std::string(clash.why) + ". Leave one of them out.";
    }
  }
  if (!arguments.test.empty() && !arguments.shrink) {
    return "--test writes a shrunk run: add --shrink";
  }
  for (const std::string& path : {arguments.html, arguments.test}) {
    if (!path.empty() && !can_write(path)) return "cannot write " + path;
  }
  if (const auto planted = plant(arguments.plant); !planted) return planted.error().message;
  return std::nullopt;
}

crdt::Result<WorkerRequest> request_of(const Arguments& arguments) {
  WorkerRequest request;
  Options& options = request.options;
  options.seed = arguments.seed;
  options.nodes = arguments.nodes;
  const double minutes = arguments.hours > 0 ? arguments.hours * 60 : arguments.minutes;
  options.length = Duration(static_cast<std::int64_t>(minutes * 60e6));
  request.html = arguments.html;
  request.planted = arguments.plant;
  auto faults = parse_faults(arguments.faults);
  if (!faults) return faults.error();
  options.faults = std::move(*faults);
  const auto store = parse_store(arguments.store);
  if (!store) return store.error();
  options.store = *store;
  // Whoever names faults wants to see them.
  request.exactly = arguments.faults.find("default") == std::string::npos &&
                    arguments.faults != "all" && !arguments.faults.starts_with("-");
  if (arguments.replay.empty()) return request;
  auto text = read_file(arguments.replay);
  if (!text) return text.error();
  request.plan = std::move(*text);
  const auto plan = parse_plan(request.plan);
  if (!plan) return crdt::Error(arguments.replay + ": " + plan.error().message);
  options = plan->options;
  return request;
}

std::string replay_line(const Arguments& arguments, std::uint64_t seed) {
  std::string line = "muster-sim";
  if (!arguments.replay.empty()) {
    line += " --replay " + arguments.replay;
  } else {
    line += " --seed " + std::to_string(seed);
  }
  const Arguments usual;
  if (arguments.nodes != usual.nodes) line += " --nodes " + std::to_string(arguments.nodes);
  std::array<char, 32> number{};
  if (arguments.hours > 0) {
    std::snprintf(number.data(), number.size(), " --hours %g", arguments.hours);
    line += number.data();
  } else if (arguments.minutes != usual.minutes) {
    std::snprintf(number.data(), number.size(), " --minutes %g", arguments.minutes);
    line += number.data();
  }
  if (arguments.faults != usual.faults) line += " --faults=" + arguments.faults;
  if (arguments.store != usual.store) line += " --store " + arguments.store;
  if (!arguments.plant.empty()) line += " --plant " + arguments.plant;
  if (arguments.twice) line += " --twice";
  if (!arguments.against.empty()) line += " --against " + arguments.against;
  return line;
}

}  // namespace simulation

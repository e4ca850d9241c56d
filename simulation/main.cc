// muster-sim: whole Muster clusters in virtual time, each from one seed.
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <thread>

#include "simulation/campaign.h"
#include "simulation/report.h"
#include "simulation/shrink.h"
#include "simulation/shrunk_case.h"
#include "simulation/worker.h"
#include "simulation/worker_process.h"

#ifndef MUSTER_COMMIT
#define MUSTER_COMMIT "unknown"
#endif

namespace {

using namespace simulation;

// As Jepsen's verdicts: valid, invalid, unknown.
constexpr int kValid = 0;
constexpr int kInvalid = 1;
constexpr int kUnknown = 2;

constexpr const char* kFooter = R"(What it does
  Runs the very code of `muster serve`, Slack and its people included, on simulated clocks, disks
  and networks, and breaks them: links, partitions, processes, disks, clocks. Every run is drawn
  from its seed: the same seed on the same commit does the same, to the byte. While it runs and
  after everything is healed, checkers look for lost, doubled, half and returning changes, for
  peers that differ, and for what grows without bound. By default each run has 5 nodes, 10 virtual
  minutes, about 2.4 commands a second and 24 faults, of kinds half of which are switched off.

Faults
  partition one-way bridge ring flapping swizzle | resets flips drips slow-link half-open replay |
  crash power-loss all-down pause wipe | disk-error disk-full slow-disk | clock-step far-clock |
  broken (a minority that never comes back).
  Off unless named: rollback clone flip-stored lying-disk.
  --faults partition,crash allows just these, and uses all of them; --faults default,rollback adds
  one; --faults=-wipe takes one out.

Examples
  muster-sim --seed 7                            one run, in full words
  muster-sim --seed 1 --seeds 500 --twice        each seed in two processes, compared
  muster-sim --for 10m --all --seed 100000       new seeds until the time is over
  muster-sim --seed 7 --nodes 9 --hours 2 --faults partition,crash
  muster-sim --seed 7 --plan > plan.txt; muster-sim --replay plan.txt
  muster-sim --seed 7 --html run.html            draw the run: open the page in a browser
  muster-sim --seed 7 --shrink                   the shortest story that fails in the same way
  muster-sim --seed 7 --shrink --test tests/simulation/lost_test.cc    and a test of it

ctrl-C ends a campaign with its totals.

Exit code: 0 valid, 1 invalid (the last lines say what, and how to see it again), 2 unknown: the
run could not be made.)";

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t nodes = Options{}.nodes;
  double minutes = 10;
  double hours = 0;
  std::string wall_clock;
  std::string faults = "default";
  std::string replay;
  std::string html;
  std::string test;
  std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  bool twice = false;
  bool all = false;
  bool json = false;
  bool plan = false;
  bool shrink = false;
  bool marks = false;
  bool worker = false;
};

// Set by SIGINT and SIGTERM.
volatile sig_atomic_t stop_asked = 0;

void ask_to_stop(int) { stop_asked = 1; }

int refuse(const std::string& why) {
  std::cerr << "muster-sim: " << why << "\n";
  return kUnknown;
}

// "90s", "10m", "2h", or seconds.
std::optional<std::chrono::seconds> parse_duration(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number <= 0) return std::nullopt;
  const std::string unit(end, text.data() + text.size());
  if (unit.empty() || unit == "s") return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  return std::nullopt;
}

std::string program_path() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "muster-sim";
}

crdt::Result<WorkerRequest> request_of(const Arguments& arguments) {
  WorkerRequest request;
  Options& options = request.options;
  options.seed = arguments.seed;
  options.nodes = arguments.nodes;
  const double minutes = arguments.hours > 0 ? arguments.hours * 60 : arguments.minutes;
  options.length = Duration(static_cast<std::int64_t>(minutes * 60e6));
  request.html = arguments.html;
  auto faults = parse_faults(arguments.faults);
  if (!faults) return faults.error();
  options.faults = std::move(*faults);
  // Whoever names faults wants to see them.
  request.exactly = arguments.faults.find("default") == std::string::npos &&
                    arguments.faults != "all" && !arguments.faults.starts_with("-");
  if (arguments.replay.empty()) return request;
  std::ifstream file(arguments.replay, std::ios::binary);
  if (!file) return crdt::Error("cannot read " + arguments.replay);
  request.plan.assign(std::istreambuf_iterator<char>(file), {});
  const auto plan = parse_plan(request.plan);
  if (!plan) return crdt::Error(arguments.replay + ": " + plan.error().message);
  options = plan->options;
  return request;
}

// What a person types to see this run again.
std::string replay_line(const Arguments& arguments, std::uint64_t seed) {
  if (!arguments.replay.empty()) return "muster-sim --replay " + arguments.replay;
  std::string line = "muster-sim --seed " + std::to_string(seed);
  const Arguments usual;
  if (arguments.nodes != usual.nodes) line += " --nodes " + std::to_string(arguments.nodes);
  char number[32];
  if (arguments.hours > 0) {
    std::snprintf(number, sizeof(number), " --hours %g", arguments.hours);
    line += number;
  } else if (arguments.minutes != usual.minutes) {
    std::snprintf(number, sizeof(number), " --minutes %g", arguments.minutes);
    line += number;
  }
  if (arguments.faults != usual.faults) line += " --faults=" + arguments.faults;
  if (arguments.twice) line += " --twice";
  return line;
}

double hours_per_cpu_second(const Totals& totals) {
  const double cpu = static_cast<double>(totals.cpu.count()) / 1e6;
  const double hours = static_cast<double>(totals.node_time.count()) / 3600e6;
  return cpu > 0 ? hours / cpu : 0;
}

class Console {
 public:
  Console(const Arguments& arguments, const WorkerRequest& request)
      : arguments_(arguments), request_(request), began_(std::chrono::steady_clock::now()) {}

  void show(const Report& report, const Totals& totals) {
    if (arguments_.json) {
      std::cout << to_json(report) << std::endl;
      return;
    }
    if (report.failure) {
      clear_progress();
      if (seen_.insert(report.failure->kind + report.failure->property).second) explain(report);
      return;
    }
    if (single()) {
      std::cout << summary_of(report) << "\n";
    } else {
      progress(totals);
    }
  }

  void end(const Totals& totals) {
    clear_progress();
    std::fprintf(arguments_.json ? stderr : stdout,  // Where objects go, only objects go.
                 "%llu seeds, %llu failed, %llu commands, %llu faults; %.2f node-hours per "
                 "CPU-second; marks reached: %zu of %zu\n",
                 as_ull(totals.seeds), as_ull(totals.failed), as_ull(totals.commands),
                 as_ull(totals.faults), hours_per_cpu_second(totals), totals.coverage.reached(),
                 kMarks);
    if (arguments_.marks) std::cout << table_of(totals.coverage);
  }

 private:
  [[nodiscard]] bool single() const {
    return arguments_.seeds == 1 && arguments_.wall_clock.empty();
  }

  static unsigned long long as_ull(std::uint64_t value) { return value; }

  void explain(const Report& report) {
    WorkerRequest request = request_;
    request.options.seed = report.seed;
    const auto plan = request.make_plan();
    for (const std::string& notice : report.notices) std::cout << "  " << notice << "\n";
    if (plan && !single()) std::cout << to_text(plan->options) << "\n";
    std::cout << line_of(*report.failure, report.seed, MUSTER_COMMIT) << "\n"
              << "see it again: " << replay_line(arguments_, report.seed) << std::endl;
    if (!arguments_.html.empty()) std::cout << "drawn in " << arguments_.html << std::endl;
  }

  void progress(const Totals& totals) {
    if (::isatty(STDERR_FILENO) == 0) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
    std::fprintf(stderr, "\r%llu seeds, %.1f a second, %llu faults, marks %zu of %zu, %llu failed ",
                 as_ull(totals.seeds), static_cast<double>(totals.seeds) / passed.count(),
                 as_ull(totals.faults), totals.coverage.reached(), kMarks, as_ull(totals.failed));
    progress_shown_ = true;
  }

  void clear_progress() {
    if (std::exchange(progress_shown_, false)) std::fprintf(stderr, "\r\033[K");
  }

  const Arguments& arguments_;
  const WorkerRequest& request_;
  std::chrono::steady_clock::time_point began_;
  std::set<std::string> seen_;
  bool progress_shown_ = false;
};

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  return file.good();
}

// What --html and --test ask for beside the plan on standard output.
int write_shrunk(const Arguments& arguments, WorkerProcess& worker, const Shrunk& shrunk) {
  if (!arguments.test.empty()) {
    if (!write_file(arguments.test, test_of(shrunk.plan, shrunk.failure))) {
      return refuse("cannot write " + arguments.test);
    }
    std::cerr << "A test of it is in " << arguments.test << ".\n";
  }
  if (!arguments.html.empty()) {
    WorkerRequest drawn;
    drawn.options = shrunk.plan.options;
    drawn.plan = to_text(shrunk.plan);
    drawn.html = arguments.html;
    static_cast<void>(run_in(worker, drawn));
  }
  return kInvalid;
}

int shrink_failing(const Arguments& arguments, WorkerRequest request) {
  WorkerProcess worker(program_path());
  request.html.clear();  // The shrunk run is drawn.
  const Report report = run_in(worker, request);
  if (!report.failure) {
    std::cout << summary_of(report) << "\nThere is nothing to shrink.\n";
    return kValid;
  }
  const auto plan = request.make_plan();
  if (!plan) return refuse(plan.error().message);
  const Try attempt = [&](const Plan& candidate) {
    WorkerRequest smaller;
    smaller.options = candidate.options;
    smaller.plan = to_text(candidate);
    return run_in(worker, smaller).failure;
  };
  const Shrunk shrunk = shrink(*plan, *report.failure, attempt);
  std::cout << "# From " << plan->commands.size() << " commands and " << plan->faults.size()
            << " faults to " << shrunk.plan.commands.size() << " and " << shrunk.plan.faults.size()
            << ", in " << shrunk.tries << " tries. Below the story is the plan, for --replay.\n";
  std::string remarks;
  for (const char c : story_of(shrunk.plan)) {
    if (remarks.empty() || remarks.back() == '\n') remarks += "# ";
    remarks += c;
  }
  std::cout << remarks << "# " << line_of(shrunk.failure, report.seed, MUSTER_COMMIT) << "\n"
            << to_text(shrunk.plan) << std::flush;
  return write_shrunk(arguments, worker, shrunk);
}

int run_seeds(const Arguments& arguments, const WorkerRequest& request) {
  CampaignOptions campaign;
  campaign.program = program_path();
  campaign.first = request;
  campaign.seeds = arguments.seeds;
  campaign.jobs = static_cast<std::size_t>(
      arguments.wall_clock.empty() ? std::min<std::uint64_t>(arguments.jobs, arguments.seeds)
                                   : arguments.jobs);
  campaign.twice = arguments.twice;
  campaign.go_on = arguments.all;
  if (!arguments.wall_clock.empty()) {
    campaign.wall_clock = parse_duration(arguments.wall_clock);
    if (!campaign.wall_clock) return refuse("--for takes \"90s\", \"10m\" or \"2h\"");
  }
  if (arguments.seeds == 1 && arguments.wall_clock.empty() && !arguments.json) {
    const auto plan = request.make_plan();
    if (plan) std::cout << to_text(plan->options) << "\n";
  }
  campaign.stopped = [] { return stop_asked != 0; };
  struct sigaction on_signal {};
  on_signal.sa_handler = ask_to_stop;
  ::sigaction(SIGINT, &on_signal, nullptr);
  ::sigaction(SIGTERM, &on_signal, nullptr);
  Console console(arguments, request);
  const OnReport show = [&](const Report& report, const Totals& totals) {
    console.show(report, totals);
  };
  const Totals totals = run_campaign(campaign, show);
  console.end(totals);
  if (totals.seeds == 0) return kUnknown;
  return totals.failed > 0 ? kInvalid : kValid;
}

void add_options(CLI::App& app, Arguments& to) {
  app.add_option("--seed", to.seed, "the first seed; default: 1");
  app.add_option("--seeds", to.seeds, "how many, counting up; default: 1")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  app.add_option("--for", to.wall_clock, "new seeds for this long by the clock on the wall: 10m");
  app.add_option("--minutes", to.minutes, "virtual minutes of a run; default: 10")
      ->check(CLI::Range(0.1, 1440.0));
  app.add_option("--hours", to.hours, "the same in hours")->check(CLI::Range(0.01, 24.0));
  app.add_option("--nodes", to.nodes, "default: 5")->check(CLI::Range(std::uint64_t{1}, kNodesMax));
  app.add_option("--faults", to.faults, "what may break; default: default");
  app.add_option("--replay", to.replay, "run the plan in this file");
  app.add_option("--html", to.html, "draw the run into this file, a page that needs no network");
  app.add_option("--test", to.test, "with --shrink: write the shrunk run as a test into this file");
  app.add_option("--jobs", to.jobs, "processes at a time; default: one for each core")
      ->check(CLI::Range(1, 256));
  app.add_flag("--twice", to.twice, "run each seed in two processes and compare every step");
  app.add_flag("--all", to.all, "go on after a failure, and show one of each property");
  app.add_flag("--shrink", to.shrink, "take out of a failing run what the failure does not need");
  app.add_flag("--plan", to.plan, "print what would be typed and broken, and run nothing");
  app.add_flag("--marks", to.marks, "print how often rare paths were passed");
  app.add_flag("--json", to.json, "a JSON object for each seed");
  app.add_flag("--worker", to.worker)->group("");
  app.footer(kFooter);
}

// Options that say nothing together, and files that cannot be written: known before a run, not
// after it.
std::optional<std::string> why_not(const Arguments& arguments) {
  const bool many = arguments.seeds > 1 || !arguments.wall_clock.empty();
  if (!arguments.html.empty() && many) return "--html draws one run: leave out --seeds and --for";
  if (!arguments.test.empty() && !arguments.shrink) return "--test goes with --shrink";
  for (const std::string& path : {arguments.html, arguments.test}) {
    if (path.empty() || std::ofstream(path, std::ios::app).good()) continue;
    return "cannot write " + path;
  }
  return std::nullopt;
}

int run(int argc, char** argv) {
  CLI::App app("muster-sim: breaks whole Muster clusters in virtual time, from a seed.");
  Arguments arguments;
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kValid : kUnknown;
  }
  if (const auto why = why_not(arguments)) return refuse(*why);
  if (arguments.worker) return serve_requests(std::cin, std::cout);
  const auto request = request_of(arguments);
  if (!request) return refuse(request.error().message);
  if (arguments.plan) {
    const auto plan = request->make_plan();
    if (!plan) return refuse(plan.error().message);
    std::cout << to_text(*plan);
    return kValid;
  }
  return arguments.shrink ? shrink_failing(arguments, *request) : run_seeds(arguments, *request);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (sodium_init() < 0) return refuse("libsodium cannot be used on this machine");
    return run(argc, argv);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}

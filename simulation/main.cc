// muster-sim: whole Muster clusters in virtual time, each from one seed.
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iostream>
#include <thread>

#include "simulation/arguments.h"
#include "simulation/campaign.h"
#include "simulation/commit.h"
#include "simulation/console.h"
#include "simulation/planted.h"
#include "simulation/planted_table.h"
#include "simulation/report.h"
#include "simulation/shrink.h"
#include "simulation/shrunk_case.h"
#include "simulation/worker.h"
#include "simulation/worker_process.h"

namespace {

using namespace simulation;

// As Jepsen's verdicts: valid, invalid, unknown.
constexpr int kValid = 0;
constexpr int kInvalid = 1;
constexpr int kUnknown = 2;

constexpr std::uint64_t kTableSeeds = 1'000;  // For each bug, where --seeds does not say.

constexpr std::uint64_t kTriesTold = 25;  // Some seconds; people wonder then.

constexpr const char* kFooter = R"(What it does
  Runs the very code of `muster serve`, Slack and its people included, on simulated clocks, disks
  and networks, and breaks them: links, partitions, processes, disks, clocks. Every run is drawn
  from its seed: the same seed on the same commit does the same, to the byte. While it runs and
  after everything is healed, checkers look for lost, doubled, half and returning changes, for
  peers that differ, and for what grows without bound. By default each run has 5 nodes, 10 virtual
  minutes, about 2.2 commands a second and 30 faults, of kinds half of which are switched off;
  some are calm, for the promises that hold only where nothing is broken.

Faults
  partition one-way bridge ring flapping swizzle | resets flips drips slow-link half-open replay |
  crash power-loss all-down pause wipe rollback clone | disk-error disk-full slow-disk lying-disk |
  clock-step far-clock | broken (a minority that never comes back).
  Off unless named: put-back, flip-stored.
  --faults partition,crash allows just these, and uses all of them; --faults default,put-back
  adds one; --faults=-wipe takes one out.

Stores
  memory: rows in memory behind production's journal and write-behind; a commit is there or not.
  lmdb: production's own store, LMDB and the journal in files, in /dev/shm where there is one.
  Writes and syncs fail with EIO or ENOSPC. What was not synced when the power goes is there, or
  not, or in part: a beginning, some pages, pages that are torn. About 1.6 times the CPU.
  flip-stored turns bits of values that LMDB stores only: its pages have no checksums, and of the
  journal none is turned. Names of files are durable at once, unless the disk lies.

Examples
  muster-sim --seed 7                            one run, in full words
  muster-sim --seed 1 --seeds 500 --twice        each seed in two processes, compared
  muster-sim --seeds 5 --against build/asan/muster-sim    and on another compiler or its options
  muster-sim --for 10m --all --seed 100000       new seeds until the time is over
  muster-sim --seed 7 --nodes 9 --hours 2 --faults partition,crash
  muster-sim --seeds 100 --store lmdb --faults crash,power-loss,disk-error,lying-disk
  muster-sim --seed 7 --plan > plan.txt; muster-sim --replay plan.txt
  muster-sim --seed 7 --html run.html            draw the run: open the page in a browser
  muster-sim --seed 7 --shrink                   the shortest story that fails in the same way
  muster-sim --seed 7 --shrink --test tests/simulation/lost_test.cc    and a test of it

Planted bugs
  A build of the preset `planted` (./run build planted) has bugs to switch on one at a time:
  --list-planted names them, --plant NAME runs with one, and --planted-table tells for each how many
  seeds find it and how few events show it.

ctrl-C ends a campaign with its totals, and a shrinking with what is left by then.

Exit code: 0 valid, 1 invalid (the last lines say what, and how to see it again), 2 unknown: the
run could not be made.)";

// Set by SIGINT and SIGTERM.
volatile sig_atomic_t stop_asked = 0;

void ask_to_stop(int) { stop_asked = 1; }

void stop_on_signals() {
  struct sigaction on_signal {};
  on_signal.sa_handler = ask_to_stop;
  ::sigaction(SIGINT, &on_signal, nullptr);
  ::sigaction(SIGTERM, &on_signal, nullptr);
}

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
    drawn.planted = arguments.plant;
    static_cast<void>(run_in(worker, drawn));
  }
  return kInvalid;
}

int shrink_failing(const Arguments& arguments, WorkerRequest request) {
  WorkerProcess worker(program_path());
  request.html.clear();  // The shrunk run is drawn.
  stop_on_signals();
  const Report report = run_in(worker, request);
  if (!report.failure) {
    std::cout << summary_of(report) << "\nThere is nothing to shrink.\n";
    return kValid;
  }
  const auto plan = request.make_plan();
  if (!plan) return refuse(plan.error().message);
  std::uint64_t tries = 0;
  const Try attempt = [&](const Plan& candidate) -> std::optional<Failure> {
    if (stop_asked) return std::nullopt;  // What was found by now is told.
    if (++tries % kTriesTold == 0) {
      std::cerr << tries << " tries; this one has " << plural(candidate.commands.size(), "command")
                << " and " << plural(candidate.faults.size(), "fault") << "\n";
    }
    WorkerRequest smaller;
    smaller.options = candidate.options;
    smaller.plan = to_text(candidate);
    smaller.planted = request.planted;
    return run_in(worker, smaller).failure;
  };
  const Shrunk shrunk = shrink(*plan, *report.failure, attempt);
  std::cout << "# From " << plural(plan->commands.size(), "command") << " and "
            << plural(plan->faults.size(), "fault") << " to " << shrunk.plan.commands.size()
            << " and " << shrunk.plan.faults.size() << ", in " << tries
            << (stop_asked ? " tries, then stopped. " : " tries. ")
            << "Below the story is the plan, for --replay"
            << (arguments.plant.empty() ? "" : " with --plant " + arguments.plant) << ".\n";
  std::string remarks;
  for (const char c : story_of(shrunk.plan)) {
    if (remarks.empty() || remarks.back() == '\n') remarks += "# ";
    remarks += c;
  }
  std::cout << remarks << "# " << line_of(shrunk.failure, report.seed, kCommit) << "\n"
            << to_text(shrunk.plan) << std::flush;
  return write_shrunk(arguments, worker, shrunk);
}

CampaignOptions campaign_of(const Arguments& arguments, const WorkerRequest& request) {
  CampaignOptions campaign;
  campaign.program = program_path();
  campaign.first = request;
  campaign.seeds = arguments.seeds;
  campaign.jobs = arguments.jobs;
  campaign.twice = arguments.twice || !arguments.against.empty();
  campaign.second = arguments.against;
  campaign.first.commit = kCommit;
  campaign.go_on = arguments.all;
  campaign.stopped = [] { return stop_asked != 0; };
  return campaign;
}

int run_seeds(const Arguments& arguments, const WorkerRequest& request) {
  CampaignOptions campaign = campaign_of(arguments, request);
  if (arguments.wall_clock.empty()) {
    campaign.jobs =
        static_cast<std::size_t>(std::min<std::uint64_t>(campaign.jobs, campaign.seeds));
  } else {
    campaign.wall_clock = parse_duration(arguments.wall_clock);
    if (!campaign.wall_clock) return refuse("--for takes \"90s\", \"10m\" or \"2h\"");
  }
  if (arguments.one_run() && !arguments.json) {
    const auto plan = request.make_plan();
    if (plan) std::cout << to_text(plan->options) << "\n";
  }
  stop_on_signals();
  Console console(arguments, request, kCommit);
  const OnReport show = [&](const Report& report, const Totals& totals) {
    console.show(report, totals);
  };
  const Totals totals = run_campaign(campaign, show);
  console.end(totals);
  if (totals.seeds == 0 || totals.unknown > 0) return kUnknown;
  return totals.failed > 0 ? kInvalid : kValid;
}

int list_planted() {
  for (const PlantedBug& bug : planted_bugs()) {
    std::cout << bug.name << " (" << bug.folder << "): " << bug.story;
    if (!bug.needs.empty()) std::cout << " [shows only with " << bug.needs << "]";
    std::cout << "\n";
  }
  return kValid;
}

int print_planted_table(const Arguments& arguments, const WorkerRequest& request) {
  if (const auto planted = plant(planted_bugs().front().name); !planted) {
    return refuse(planted.error().message);
  }
  CampaignOptions campaign = campaign_of(arguments, request);
  if (!arguments.named.contains("--seeds")) campaign.seeds = kTableSeeds;
  stop_on_signals();
  std::cout << table_head() << std::flush;
  for (const PlantedBug& bug : planted_bugs()) {
    if (!arguments.plant.empty() && arguments.plant != bug.name) continue;
    const TableRow row = table_row(bug, campaign);
    if (stop_asked != 0) return kUnknown;
    std::cout << line_of(row) << std::endl;
  }
  return kValid;
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
  app.add_option("--store", to.store, "what nodes keep their state in: memory (default) or lmdb");
  app.add_option("--replay", to.replay, "run the plan in this file");
  app.add_option("--html", to.html, "draw the run into this file, a page that needs no network");
  app.add_option("--test", to.test, "with --shrink: write the shrunk run as a test into this file");
  app.add_option("--jobs", to.jobs, "processes at a time; default: one for each core")
      ->check(CLI::Range(1, 256));
  app.add_flag("--twice", to.twice, "run each seed in two processes and compare every step");
  app.add_option("--against", to.against,
                 "the same, the second one of this build of muster-sim, of the same commit")
      ->check(CLI::ExistingFile);
  app.add_flag("--all", to.all, "go on after a failure, and show one of each property");
  app.add_flag("--shrink", to.shrink, "take out of a failing run what the failure does not need");
  app.add_flag("--plan", to.plan, "print what would be typed and broken, and run nothing");
  app.add_flag("--marks", to.marks, "print how often rare paths were passed");
  app.add_flag("--json", to.json, "a JSON object for each seed");
  app.add_option("--plant", to.plant, "run with this planted bug (a build of preset planted)");
  app.add_flag("--list-planted", to.list_planted, "name the planted bugs, and what each does");
  app.add_flag("--planted-table", to.planted_table, "run seeds until each planted bug is found");
  app.add_flag("--worker", to.worker)->group("");
  app.footer(kFooter);
}

int run(int argc, char** argv) {
  CLI::App app("muster-sim: breaks whole Muster clusters in virtual time, from a seed.");
  Arguments arguments;
  arguments.jobs = std::max(1u, std::thread::hardware_concurrency());
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kValid : kUnknown;
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0) arguments.named.insert(option->get_name());
  }
  if (arguments.worker) return serve_requests(std::cin, std::cout, kCommit);
  if (const auto why = why_not(arguments)) return refuse(*why);
  if (!arguments.against.empty() && ::access(arguments.against.c_str(), X_OK) != 0) {
    return refuse(arguments.against + " is no program that can be run");
  }
  if (arguments.list_planted) return list_planted();
  const auto request = request_of(arguments);
  if (!request) return refuse(request.error().message);
  if (arguments.planted_table) return print_planted_table(arguments, *request);
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

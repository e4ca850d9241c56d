#include "node/cli/bench.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "node/cli/bench_figures.h"
#include "node/cli/bench_load.h"
#include "node/cli/bench_replication.h"
#include "node/cli/bench_requests.h"
#include "node/cli/bench_workload.h"

namespace node::cli {
namespace {

struct RequestsOptions {
  BenchRequestsOptions bench;
  bool json = false;
  bool sweep = false;
};

crdt::Result<void> check(const BenchRequestsOptions& options) {
  if (options.target.empty()) {
    if (!options.secret_file.empty()) return crdt::Error("--secret-file belongs to --target");
    const std::uint64_t apart = options.channels * options.tasks;
    if (apart < Workload::kTurnsApart * options.connections) {
      return crdt::Error("--channels times --tasks must be at least " +
                         std::to_string(Workload::kTurnsApart) +
                         " times --connections, so that no task is changed twice at once");
    }
    return {};
  }
  if (options.secret_file.empty()) {
    return crdt::Error("--target needs --secret-file, the signing secret of that server");
  }
  return {};
}

int run(RequestsOptions& options) {
  if (const auto good = check(options.bench); !good) {
    std::cerr << "muster: " << good.error().message << "\n";
    return kUnusable;
  }
  std::vector<std::uint64_t> sizes = {options.bench.connections};
  if (options.sweep) sizes.insert(sizes.end(), {8, 1});
  std::vector<BenchFigures> points;
  bool good = true;
  for (const std::uint64_t size : sizes) {
    options.bench.connections = size;
    auto figures = bench_requests(options.bench);
    if (!figures) {
      std::cerr << "muster: " << figures.error().message << "\n";
      return kFailed;
    }
    good = good && figures->errors == 0 && figures->non_changes == 0;
    points.push_back(std::move(*figures));
    if (!options.json) std::cout << to_table(points.back()) << std::flush;
  }
  if (options.json) std::cout << to_json(points) << "\n";
  return good ? kDone : kFailed;
}

constexpr const char* kRequestsFooter = R"(What it does
  Starts `muster serve` (or three, linked) with the configuration that ships, in a folder of its
  own; fills the channels; then sends signed slash commands to one peer over kept connections.
  Each is a durable change of its own: of 17 commands in a channel of 16 tasks, 14 set a status,
  one rewrites a text, one assigns or takes off a person, one adds a task (in channels of their
  own, so that none outgrows 16). That each was a change is checked with the peer's own counters.
  Requests are signed before the clock starts. CPU is that of the server processes alone.
  Beside it stand what a bare LMDB loop does with the very same rows and batch, and the disk's own
  fdatasync rate: machines differ, ratios hardly. The run of the median CPU time is shown.
  With --rate requests fall due at that rate whatever the server does, and latency counts from
  then. --target drives any server with "add" commands; --pid tells whose CPU time to read.

Examples
  muster bench requests --sweep
  muster bench requests --peers 3 --json
  muster bench requests --rate 2000
  muster bench requests --target http://127.0.0.1:3001/slack/events --secret-file secret \
      --command /incident --rate 2000 --pid 4711 --pid 4712

Exit code: 0 every request was a durable change, 1 one was not or the benchmark failed, 2 usage.)";

void add_requests(CLI::App& bench, Action& action) {
  auto options = std::make_shared<RequestsOptions>();
  BenchRequestsOptions& to = options->bench;
  CLI::App* command =
      bench.add_subcommand("requests", "server CPU, rate and latency of durable slash commands");
  command->add_flag("--json", options->json, "print JSON");
  command->add_option("--seconds", to.seconds, "length of a measured run; default: 10")
      ->check(CLI::Range(0.1, 200.0));  // Signatures last 300 s, the warm-up's included.
  command->add_option("--runs", to.runs, "how many; the median one is shown; default: 3")
      ->check(CLI::Range(1, 99));
  command->add_option("--connections", to.connections, "kept connections; default: 64")
      ->check(CLI::Range(std::size_t{1}, LoadGenerator::kConnectionsMax));
  command->add_option("--peers", to.peers, "1, or 3 that are linked; default: 1")
      ->check(CLI::IsMember({1, 2, 3}));
  command->add_option("--channels", to.channels, "default: 200")->check(CLI::Range(1, 100'000));
  command->add_option("--tasks", to.tasks, "in each channel; default: 16")
      ->check(CLI::Range(static_cast<int>(Workload::kTasksMin), 1'000));
  command->add_option("--rate", to.rate, "open loop: this many requests a second")
      ->check(CLI::Range(0.1, 1e6));
  command->add_flag("--sweep", options->sweep, "also with 8 connections and with 1");
  command->add_flag("!--no-anchors", to.anchors, "without the bare LMDB and the disk beside it");
  command->add_option("--dir", to.dir, "where the folders of the runs are made; default: /tmp");
  command->add_flag("--keep", to.keep, "leave those folders there");
  command->add_option("--target", to.target, "URL of a server that runs already");
  command->add_option("--secret-file", to.secret_file, "with --target: its signing secret");
  command->add_option("--command", to.command, "with --target: the slash command; default: /ir");
  command->add_option("--pid", to.pids, "with --target: a process of that server; repeatable");
  command->footer(kRequestsFooter);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

struct ReplicationOptions {
  BenchReplicationOptions bench;
  bool json = false;
};

int run(const ReplicationOptions& options) {
  const auto figures = bench_replication(options.bench);
  if (!figures) {
    std::cerr << "muster: " << figures.error().message << "\n";
    return kFailed;
  }
  std::cout << (options.json ? to_json(*figures) + "\n" : to_table(*figures));
  const bool whole = figures->spread.missed == 0 && figures->crash.unseen == 0 &&
                     figures->revoke.open == 0 && figures->false_deaths == 0;
  return whole ? kDone : kFailed;
}

constexpr const char* kReplicationFooter = R"(What it does
  Starts so many `muster serve` as a cluster with an operator, in folders of their own and, where
  the kernel allows it, on a loopback of their own. One after another it measures:
  writes     PUT /config/bench?wait=all at one peer, 100 ms apart: from the request to the answer
             that every peer has the change durably; each figure is of the slowest peer of a write
  copies     20 writes of 8 KiB: sealed octets that left all peers, in values for each other peer
  idle       loopback counters (TCP and IP headers included) and the peers' own, half a minute
             after all is told
  kill -9    of one peer: until the last of the others has logged that it is dead
  removal    of one peer by the operator: until the last of the others has logged that it closed
             its link
  Nothing asks the peers while they are measured. serf, where it is there, gets as many agents and
  the same tasks: user events of 200 octets and kill -9, each agent watched over its RPC stream.
  With --channels two more peers: one filled with that many channels of 16 tasks is killed and
  restarted, then fills an empty one under 200 commands a second, then both compare what they
  hold, with cursors and without, in sync and with 100 channels differing. That takes minutes:
  once a run has lasted for some seconds, standard error says how far it is.

JSON
  peers, private_network (false: others share the loopback, and wire figures are null)
  fdatasync_per_second, other_cpu_percent    the disk before the run; the machine besides, in %
  start_s, rss_anon_mib                      all started and linked; a peer's anonymous memory
  write    {writes, missed, p50_ms, p90_ms, max_ms, limit_p50_ms, limit_max_ms}
  copies   {writes, value_octets, per_node_and_update, limit}
  idle     {seconds, wire_octets_per_second, packets_per_second, sealed_octets_per_second,
           cpu_percent, limit_octets_per_second}, each of one peer; null with --idle-seconds 0
  crash    {first_s, all_s, unseen, limit_s}; unseen counts peers that did not notice
  false_deaths                               of peers that ran, said by any peer in the whole run
  revoke   {closed_everywhere_s, open, limit_s}
  serf     {path, write, crash, idle} as above, write.node_p50_ms over single nodes; {absent: why};
           null with --no-serf
  repair   {channels, store_mib, restart_s, fill_s, live_p99_alone_ms, live_p99_during_ms,
           rss_anon_mib, rss_anon_filled_mib, empty_octets, cursor_same_octets,
           cursor_differ_octets, bare_same_octets, bare_differ_octets, differing_octets, limit_*};
           octets are sealed, both ways, from the start of two peers until they are equal;
           empty_octets is that of two empty ones, differing_octets what the changes alone take

Examples
  muster bench replication --peers 32
  muster bench replication --peers 3 --channels 100000 --json

Exit code: 0 all was seen by all, 1 something was not or the benchmark failed, 2 usage.)";

void add_replication(CLI::App& bench, Action& action) {
  auto options = std::make_shared<ReplicationOptions>();
  BenchReplicationOptions& to = options->bench;
  CLI::App* command = bench.add_subcommand(
      "replication", "how soon peers know of writes, crashes and removals, and what that takes");
  command->add_flag("--json", options->json, "print JSON");
  command->add_option("--peers", to.peers, "real processes on this machine; default: 3")
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{100}));
  command->add_option("--writes", to.writes, "measured, one after another; default: 100")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--idle-seconds", to.idle_seconds, "0 leaves that out; default: 20")
      ->check(CLI::Range(0.0, 3'600.0));
  command
      ->add_option("--channels", to.channels,
                   "also restart, fill and compare peers that hold so many; default: 0, left out")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}));
  command->add_option("--serf", to.serf, "the serf program; default: the one on PATH")
      ->check(CLI::ExistingFile);
  command->add_flag("!--no-serf", to.beside_serf, "without serf beside it");
  command->add_option("--dir", to.dir, "where the folders of the run are made; default: /tmp");
  command->add_flag("--keep", to.keep, "leave those folders there");
  command->footer(kReplicationFooter);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* bench = app.add_subcommand("bench", "measure this machine with Muster on it");
  bench->require_subcommand(1);
  bench->footer("Example:\n  muster bench requests --sweep");
  add_requests(*bench, action);
  add_replication(*bench, action);
}

}  // namespace node::cli

#include "node/cli/bench_requests.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/cli/bench_load.h"
#include "node/cli/bench_raw_store.h"
#include "node/cli/bench_scratch.h"
#include "node/cli/bench_system.h"
#include "node/cli/demo_cluster.h"
#include "node/text_file.h"
#include "slack/request.h"

namespace node::cli {
namespace {

using std::chrono::microseconds;

constexpr std::chrono::seconds kWarmUp{1};
constexpr std::uint64_t kWarmUpRequests = 60'000;  // A second of the fastest server seen.
constexpr double kSpare = 1.5;                     // Of the warm-up's rate: caches still warm.
constexpr std::chrono::milliseconds kAnchorTime{1500};
constexpr std::chrono::seconds kSettle{30};

struct Measured {
  LoadResult load;
  std::optional<std::chrono::nanoseconds> server_cpu;
  double generator_percent = 0;
  double other_percent = 0;
};

// One run of the generator, with the meters read right before and after it.
crdt::Result<Measured> measure(LoadGenerator& generator, const SignedRequests& requests,
                               const LoadGenerator::Plan& plan, const std::vector<pid_t>& servers) {
  const auto server_began = cpu_time_of(servers);
  if (!server_began) return server_began.error();
  const auto own_began = cpu_time_of(::getpid());
  const auto busy_began = busy_time();
  Measured measured;
  measured.load = generator.run(requests, plan);
  const auto server_ended = cpu_time_of(servers);
  if (!server_ended) return crdt::Error("a server ended under the load");
  const auto own_ended = cpu_time_of(::getpid());
  const auto busy_ended = busy_time();
  const auto server = *server_ended - *server_began;
  if (!servers.empty()) measured.server_cpu = server;
  if (!own_began || !own_ended || !busy_began || !busy_ended || measured.load.seconds <= 0) {
    return crdt::Error("this machine does not tell what its processors did");
  }
  const auto percent = [&](std::chrono::duration<double> time) {
    return 100 * time.count() / measured.load.seconds;
  };
  measured.generator_percent = percent(*own_ended - *own_began);
  const double busy = percent(*busy_ended - *busy_began);
  // Ticks round both ways; less than nothing is nothing.
  measured.other_percent = std::max(0.0, busy - measured.generator_percent - percent(server));
  return measured;
}

BenchFigures figures_of(const BenchRequestsOptions& options, const Measured& measured) {
  const LoadResult& load = measured.load;
  BenchFigures figures;
  figures.target = options.target;
  figures.connections = options.connections;
  figures.peers = options.target.empty() ? options.peers : 0;
  figures.rate = options.rate;
  figures.seconds = load.seconds;
  figures.requests = load.completed;
  figures.errors = load.errors;
  figures.first_error = load.first_error;
  figures.requests_per_second = load.requests_per_second();
  figures.latency = load.latencies.summary();
  if (measured.server_cpu && load.completed > 0) {
    figures.cpu_us_per_request =
        std::chrono::duration<double, std::micro>(*measured.server_cpu).count() /
        static_cast<double>(load.completed);
  }
  figures.generator_cpu_percent = measured.generator_percent;
  figures.other_cpu_percent = measured.other_percent;
  return figures;
}

LoadGenerator::Plan plan_of(const BenchRequestsOptions& options) {
  LoadGenerator::Plan plan;
  plan.duration =
      std::chrono::duration_cast<microseconds>(std::chrono::duration<double>(options.seconds));
  plan.rate = options.rate;
  return plan;
}

// Warm-up, then the measured run behind it. `on_warm` is called between the two.
template <class OnWarm>
crdt::Result<Measured> warm_up_and_measure(const BenchRequestsOptions& options,
                                           LoadGenerator& generator,
                                           const SignedRequests::Destination& destination,
                                           const Workload& workload,
                                           const std::vector<pid_t>& servers, OnWarm on_warm) {
  LoadGenerator::Plan plan = plan_of(options);
  plan.duration = kWarmUp;
  const auto first =
      SignedRequests::sign(destination, workload, {0, kWarmUpRequests, double{kWarmUpRequests}});
  const LoadResult warm = generator.run(first, plan);
  if (warm.completed == 0) return crdt::Error("no request succeeded: " + warm.first_error);
  const double rate = options.rate > 0 ? options.rate : warm.requests_per_second();
  const double spare = options.rate > 0 ? 1 : kSpare;
  const auto count = static_cast<std::uint64_t>(rate * spare * options.seconds) + 1;
  const auto requests = SignedRequests::sign(destination, workload, {warm.sent, count, rate});
  if (auto ready = on_warm(); !ready) return ready.error();
  return measure(generator, requests, plan_of(options), servers);
}

// --- a cluster of its own ---

class OwnCluster {
 public:
  static crdt::Result<std::unique_ptr<OwnCluster>> start(const BenchRequestsOptions& options,
                                                         const std::filesystem::path& folder) {
    DemoCluster::Options wanted;
    wanted.folder = folder;
    wanted.peers = static_cast<int>(options.peers);
    wanted.relayed = false;
    auto made = DemoCluster::create(wanted);
    if (!made) return made.error();
    std::unique_ptr<OwnCluster> own(new OwnCluster(std::move(*made)));
    for (int peer = 1; peer <= own->cluster_->size(); ++peer) {
      if (auto started = own->cluster_->start(peer); !started) return started.error();
    }
    if (auto settled = own->settle(); !settled) return settled.error();
    return own;
  }

  SignedRequests::Destination destination() const {
    return {"127.0.0.1:" + std::to_string(cluster_->slack_port(1)),
            std::string(slack::kCommandsPath), cluster_->signing_secret()};
  }
  std::uint16_t port() const { return cluster_->slack_port(1); }

  std::vector<pid_t> processes() const {
    std::vector<pid_t> all;
    for (int peer = 1; peer <= cluster_->size(); ++peer) all.push_back(cluster_->pid_of(peer));
    return all;
  }

  crdt::Result<void> settle() {
    return cluster_->settle(
        [](std::chrono::milliseconds pause) {
          std::this_thread::sleep_for(pause);
          return true;
        },
        kSettle);
  }

  // What the loaded peer has counted since it began: "/counters/changes", "/system/commits".
  crdt::Result<std::uint64_t> counter(const char* pointer) const {
    const auto answer = cluster_->status_text(1);
    if (!answer) return answer.error();
    const auto json = nlohmann::json::parse(*answer, nullptr, false);
    const auto at = nlohmann::json::json_pointer(pointer);
    if (json.is_discarded() || !json.contains(at)) {
      return crdt::Error(std::string("the peer's status does not count ") + pointer);
    }
    return json.at(at).get<std::uint64_t>();
  }

 private:
  explicit OwnCluster(std::unique_ptr<DemoCluster> cluster) : cluster_(std::move(cluster)) {}

  std::unique_ptr<DemoCluster> cluster_;
};

crdt::Result<void> fill(OwnCluster& own, LoadGenerator& generator, const Workload& workload) {
  const auto requests = SignedRequests::sign_fill(own.destination(), workload);
  LoadGenerator::Plan plan;
  plan.duration = std::chrono::minutes(2);
  const LoadResult result = generator.run(requests, plan);
  if (result.completed == requests.size()) return own.settle();
  return crdt::Error("the channels could not be filled: " + result.first_error);
}

crdt::Result<BenchFigures> run_own(const BenchRequestsOptions& options) {
  const auto folder = ScratchFolder::make(options.dir, options.keep);
  if (!folder) return folder.error();
  auto own = OwnCluster::start(options, (*folder)->path());
  if (!own) return own.error();
  auto generator = LoadGenerator::connect("127.0.0.1", (*own)->port(), options.connections);
  if (!generator) return generator.error();
  const Workload workload({Workload::Kind::kIncidents, options.channels, options.tasks, "/ir"});
  if (auto filled = fill(**own, **generator, workload); !filled) return filled.error();
  std::uint64_t commits = 0;
  std::uint64_t changes = 0;
  const auto count = [&]() -> crdt::Result<void> {
    if (auto settled = (*own)->settle(); !settled) return settled.error();
    const auto committed = (*own)->counter("/system/commits");
    const auto changed = (*own)->counter("/counters/changes");
    if (!committed) return committed.error();
    if (!changed) return changed.error();
    commits = *committed - commits;
    changes = *changed - changes;
    return {};
  };
  const auto measured = warm_up_and_measure(options, **generator, (*own)->destination(), workload,
                                            (*own)->processes(), count);
  if (!measured) return measured.error();
  BenchFigures figures = figures_of(options, *measured);
  double rss = 0;
  for (const pid_t process : (*own)->processes()) rss += rss_anon_mib(process).value_or(0);
  figures.rss_anon_mib = rss;
  if (auto counted = count(); !counted) return counted.error();
  figures.non_changes = figures.requests - std::min(changes, figures.requests);
  if (commits > 0) {
    figures.batch_mean = static_cast<double>(figures.requests) / static_cast<double>(commits);
  }
  return figures;
}

// --- a server that runs ---

crdt::Result<BenchFigures> run_target(const BenchRequestsOptions& options) {
  const auto url = parse_url(options.target);
  if (!url) return url.error();
  const auto secret = read_text_file(options.secret_file);
  if (!secret) return secret.error();
  const std::size_t end = secret->text.find_last_not_of(" \t\r\n");
  const SignedRequests::Destination destination{
      url->host + ":" + std::to_string(url->port),
      url->target == "/" ? std::string(slack::kCommandsPath) : url->target,
      secret->text.substr(0, end + 1)};
  auto generator = LoadGenerator::connect(url->host, url->port, options.connections);
  if (!generator) return generator.error();
  const Workload workload(
      {Workload::Kind::kAdds, options.channels, options.tasks, options.command});
  const std::vector<pid_t> servers(options.pids.begin(), options.pids.end());
  const auto measured = warm_up_and_measure(options, **generator, destination, workload, servers,
                                            [] { return crdt::Result<void>(); });
  if (!measured) return measured.error();
  BenchFigures figures = figures_of(options, *measured);
  double rss = 0;
  for (const pid_t process : servers) rss += rss_anon_mib(process).value_or(0);
  if (!servers.empty()) figures.rss_anon_mib = rss;
  return figures;
}

crdt::Result<Anchors> measure_anchors(const BenchRequestsOptions& options, double batch_mean) {
  const auto folder = ScratchFolder::make(options.dir, options.keep);
  if (!folder) return folder.error();
  const std::filesystem::path& path = (*folder)->path();
  const Workload workload({Workload::Kind::kIncidents, options.channels, options.tasks, "/ir"});
  const auto recording = record_writes(workload, kRecordedMax);
  if (!recording) return recording.error();
  const auto batch = static_cast<std::size_t>(std::max(1.0, batch_mean + 0.5));
  const auto group = raw_commit_rate(path / "group", *recording, batch, kAnchorTime);
  if (!group) return group.error();
  const auto single = raw_commit_rate(path / "single", *recording, 1, kAnchorTime);
  if (!single) return single.error();
  const auto syncs = fdatasync_per_second(path, kAnchorTime);
  if (!syncs) return syncs.error();
  return Anchors{group->writes_per_second,    group->cpu_us_per_write,
                 single->writes_per_second,   *syncs,
                 recording->rows_per_request, recording->bytes_per_request};
}

double order_of(const BenchFigures& figures) {
  return figures.cpu_us_per_request.value_or(figures.requests_per_second);
}

}  // namespace

crdt::Result<BenchFigures> bench_requests(const BenchRequestsOptions& options) {
  const bool own = options.target.empty();
  std::vector<BenchFigures> runs;
  for (std::uint64_t i = 0; i < options.runs; ++i) {
    auto figures = own ? run_own(options) : run_target(options);
    if (!figures) return figures.error();
    if (own && options.anchors) {
      const auto anchors = measure_anchors(options, figures->batch_mean.value_or(1));
      if (!anchors) return anchors.error();
      figures->anchors = *anchors;
    }
    runs.push_back(std::move(*figures));
  }
  std::vector<double> cpu;
  std::vector<double> order;
  for (const BenchFigures& run : runs) {
    order.push_back(order_of(run));
    if (run.cpu_us_per_request) cpu.push_back(*run.cpu_us_per_request);
  }
  const double middle = median(order);
  BenchFigures median_run = *std::find_if(
      runs.begin(), runs.end(), [&](const BenchFigures& run) { return order_of(run) == middle; });
  median_run.cpu_us_of_runs = std::move(cpu);
  return median_run;
}

}  // namespace node::cli

#include "node/cli/bench_serf.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "node/cli/bench_latency.h"
#include "node/cli/bench_system.h"
#include "node/cli/loopback_port.h"
#include "node/cli/private_network.h"
#include "node/cli/serf_agent.h"
#include "node/clock.h"

namespace node::cli {
namespace {

using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::chrono::seconds kStartWithin{90};
constexpr std::chrono::seconds kToldWithin{15};
constexpr std::chrono::seconds kSeenWithin{60};
constexpr std::chrono::milliseconds kFirstAlone{500};  // The others join the first agent.
constexpr std::chrono::seconds kCalm{8};               // Until what the start stirred up is told.
constexpr std::chrono::milliseconds kBetweenEvents{1'000};
constexpr std::size_t kPayloadOctets = 200;

std::string find_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

class Agents {
 public:
  static crdt::Result<Agents> start(const BenchSerfOptions& options, const std::string& program) {
    const auto ports = free_loopback_ports(2 * options.nodes);
    if (!ports) return ports.error();
    Agents agents;
    for (std::uint64_t i = 0; i < options.nodes; ++i) {
      SerfAgent::Options agent;
      agent.program = program;
      agent.name = "node-" + std::to_string(i + 1);
      agent.output = options.folder / (agent.name + ".serf");
      agent.bind = loopback_address((*ports)[2 * i]);
      agent.rpc_port = (*ports)[2 * i + 1];
      if (i > 0) agent.join = loopback_address(ports->front());
      auto started = SerfAgent::start(agent);
      if (!started) return started.error();
      agents.all_.push_back(std::move(*started));
      if (i == 0) std::this_thread::sleep_for(kFirstAlone);
    }
    for (const auto& agent : agents.all_) {
      if (const auto watched = agent->watch(kStartWithin); !watched) return watched.error();
    }
    if (const auto met = agents.await_members(); !met) return met.error();
    return agents;
  }

  std::size_t size() const { return all_.size(); }
  SerfAgent& at(std::size_t index) { return *all_[index]; }
  std::vector<pid_t> processes() const {
    std::vector<pid_t> pids;
    for (const auto& agent : all_) pids.push_back(agent->pid());
    return pids;
  }

  // When each of the first `count` agents told of an event that `fits`; who did not is absent.
  template <class Fits>
  std::map<std::size_t, crdt::Instant> await(std::size_t count, std::chrono::milliseconds patience,
                                             Fits fits) {
    std::map<std::size_t, crdt::Instant> seen;
    const auto deadline = read_clock().steady + patience;
    std::vector<pollfd> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back({all_[i]->socket(), POLLIN, 0});
    while (seen.size() < count && read_clock().steady < deadline) {
      ::poll(entries.data(), entries.size(), 100);
      const crdt::Instant now = read_clock().steady;
      for (std::size_t i = 0; i < count; ++i) {
        if (entries[i].revents == 0) continue;
        for (const auto& event : all_[i]->heard()) {
          if (fits(event)) seen.try_emplace(i, now);
        }
      }
    }
    return seen;
  }

 private:
  crdt::Result<void> await_members() {
    const auto deadline = read_clock().steady + kStartWithin;
    for (const auto& agent : all_) {
      for (;;) {
        const auto alive = agent->alive(kToldWithin);
        if (!alive) return alive.error();
        if (*alive == all_.size()) break;
        if (read_clock().steady > deadline) {
          return crdt::Error(agent->name() + " sees " + std::to_string(*alive) + " of " +
                             std::to_string(all_.size()) + " members after " +
                             std::to_string(kStartWithin.count()) + " s");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
    return {};
  }

  std::vector<std::unique_ptr<SerfAgent>> all_;
};

IdleFigures idle(Agents& agents, double wanted) {
  const auto cpu = cpu_time_of(agents.processes());
  const auto wire = loopback_count();
  const crdt::Instant began = read_clock().steady;
  std::this_thread::sleep_for(Seconds(wanted));
  const Seconds seconds = read_clock().steady - began;
  const auto wire_after = loopback_count();
  const auto cpu_after = cpu_time_of(agents.processes());
  IdleFigures figures;
  figures.seconds = seconds.count();
  const double node_seconds = seconds.count() * static_cast<double>(agents.size());
  if (wire && wire_after) {
    figures.wire_octets_per_second =
        static_cast<double>(wire_after->octets - wire->octets) / node_seconds;
    figures.packets_per_second =
        static_cast<double>(wire_after->packets - wire->packets) / node_seconds;
  }
  if (cpu && cpu_after) {
    figures.cpu_percent = 100 * Seconds(*cpu_after - *cpu).count() / node_seconds;
  }
  return figures;
}

crdt::Result<void> tell(Agents& agents, std::uint64_t count, SerfFigures& figures) {
  Latencies all;
  Latencies single;
  SpreadFigures spread;
  spread.writes = count;
  const auto took = [](crdt::SteadyClock::duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = "bench-" + std::to_string(i);
    const crdt::Instant began = read_clock().steady;
    const auto told = agents.at(0).tell(name, std::string(kPayloadOctets, 'x'));
    if (!told) return told;
    const auto seen = agents.await(agents.size(), kToldWithin, [&](const nlohmann::json& event) {
      return event.value("Name", "") == name;
    });
    crdt::Instant last = began;
    for (const auto& [node, at] : seen) {
      single.add(took(at - began));
      last = std::max(last, at);
    }
    if (seen.size() < agents.size()) {
      ++spread.missed;
    } else {
      all.add(took(last - began));
    }
    std::this_thread::sleep_for(kBetweenEvents);
  }
  spread.p50_ms = all.summary().p50_ms;
  spread.p90_ms = Milliseconds(all.percentile(0.9)).count();
  spread.max_ms = all.summary().max_ms;
  figures.spread = spread;
  figures.node_p50_ms = single.summary().p50_ms;
  return {};
}

CrashFigures crash(Agents& agents) {
  const std::size_t victim = agents.size() - 1;
  const std::string name = agents.at(victim).name();
  const crdt::Instant began = read_clock().steady;
  agents.at(victim).kill();
  const auto seen = agents.await(victim, kSeenWithin, [&](const nlohmann::json& event) {
    if (event.value("Event", "") != "member-failed") return false;
    const auto members = event.value("Members", nlohmann::json::array());
    return std::any_of(members.begin(), members.end(), [&](const nlohmann::json& member) {
      return member.value("Name", "") == name;
    });
  });
  CrashFigures figures;
  figures.unseen = victim - seen.size();
  for (const auto& [node, at] : seen) {
    const double took = Seconds(at - began).count();
    figures.first_s = figures.first_s == 0 ? took : std::min(figures.first_s, took);
    figures.all_s = std::max(figures.all_s, took);
  }
  return figures;
}

crdt::Result<void> measure(const BenchSerfOptions& options, SerfFigures& figures) {
  auto agents = Agents::start(options, figures.path);
  if (!agents) return agents.error();
  std::this_thread::sleep_for(kCalm);
  if (options.idle_seconds > 0 && options.counts_are_ours) {
    figures.idle = idle(*agents, options.idle_seconds);
  }
  if (const auto told = tell(*agents, options.events, figures); !told) return told;
  figures.crash = crash(*agents);
  return {};
}

}  // namespace

SerfFigures bench_serf(const BenchSerfOptions& options) {
  SerfFigures figures;
  figures.path = options.program.empty() ? find_on_path("serf") : options.program;
  if (figures.path.empty()) {
    figures.absent =
        "not on PATH, so nothing stands beside Muster's figures; apt-get install serf, or name it "
        "with --serf";
    return figures;
  }
  if (const auto measured = measure(options, figures); !measured) {
    figures.absent = "could not be measured: " + measured.error().message;
  }
  return figures;
}

}  // namespace node::cli

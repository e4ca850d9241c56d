#include "simulation/campaign.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "simulation/report.h"
#include "simulation/worker_process.h"

namespace simulation {
namespace {

constexpr const char* kUnknown = "unknown";  // A kind of failure.

Report report_of(const WorkerRequest& request, const crdt::Result<std::string>& answer) {
  Report report;
  if (answer) {
    auto parsed = parse_report(*answer);
    if (parsed) return std::move(*parsed);
    const auto json = nlohmann::json::parse(*answer, nullptr, false);
    const bool told = json.is_object() && json.contains("error");
    report.failure = Failure{kUnknown, "a run can be made",
                             told ? json["error"].get<std::string>() : *answer, Time{}};
  } else {
    report.failure = Failure{"crash", "no check fails", answer.error().message, Time{}};
  }
  report.seed = request.options.seed;
  report.nodes = request.options.nodes;
  return report;
}

std::vector<std::uint64_t> digests_of(WorkerProcess& worker, WorkerRequest request) {
  request.keep_digests = true;
  worker.ask(request);
  const auto answer = worker.answer();
  if (!answer) return {};
  const auto json = nlohmann::json::parse(*answer, nullptr, false);
  return json.is_object() && json.contains("digests")
             ? json["digests"].get<std::vector<std::uint64_t>>()
             : std::vector<std::uint64_t>{};
}

std::string described(WorkerProcess& worker, WorkerRequest request, std::uint64_t step) {
  request.describe = step;
  const std::string words = run_in(worker, request).description;
  return words.empty() ? "nothing more" : words;
}

// Runs both once more to find the first step at which they part.
std::string first_difference(WorkerProcess& a, WorkerProcess& b, const WorkerRequest& request) {
  const auto one = digests_of(a, request);
  const auto two = digests_of(b, request);
  const auto [at, other] = std::mismatch(one.begin(), one.end(), two.begin(), two.end());
  if (at == one.end() && other == two.end()) return "two further runs were equal";
  const auto step = static_cast<std::uint64_t>(at - one.begin());
  return "step " + std::to_string(step) + " is \"" + described(a, request, step) +
         "\" in one process and \"" + described(b, request, step) + "\" in another";
}

constexpr int kStopCheckMs = 200;  // A signal ends poll() at once, unless it came just before.

struct Lane {
  Lane(const std::string& one, const std::string& other) : first(one), second(other) {}

  WorkerProcess first;
  WorkerProcess second;
  WorkerRequest request;
  std::optional<Report> once;  // Of the first, while the second runs.
  bool busy = false;

  WorkerProcess& running() { return once ? second : first; }
};

class Campaign {
 public:
  Campaign(const CampaignOptions& options, const OnReport& on_report)
      : options_(options), on_report_(on_report), began_(std::chrono::steady_clock::now()) {
    for (std::size_t i = 0; i < options.jobs; ++i) {
      lanes_.push_back(std::make_unique<Lane>(
          options.program, options.second.empty() ? options.program : options.second));
    }
  }

  Totals run() {
    for (const auto& lane : lanes_) begin(*lane);
    while (wait()) {
    }
    return totals_;
  }

 private:
  [[nodiscard]] bool stopped() const { return options_.stopped && options_.stopped(); }

  [[nodiscard]] bool wanted() const {
    if (totals_.unknown > 0 || (totals_.failed > 0 && !options_.go_on)) return false;
    if (!options_.wall_clock) return begun_ < options_.seeds;
    return std::chrono::steady_clock::now() - began_ < *options_.wall_clock;
  }

  void begin(Lane& lane) {
    lane.busy = wanted();
    if (!lane.busy) return;
    lane.request = options_.first;
    lane.request.options.seed += begun_++;
    lane.once.reset();
    lane.first.ask(lane.request);
  }

  // Until some lane has an answer; false where none is busy.
  bool wait() {
    std::vector<pollfd> fds;
    std::vector<Lane*> busy;
    for (const auto& lane : lanes_) {
      if (!lane->busy) continue;
      fds.push_back({lane->running().fd(), POLLIN, 0});
      busy.push_back(lane.get());
    }
    if (fds.empty() || stopped()) return false;
    const int ready = ::poll(fds.data(), fds.size(), kStopCheckMs);
    if (ready <= 0) return ready == 0 || errno == EINTR;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents != 0) take(*busy[i]);
    }
    return true;
  }

  void take(Lane& lane) {
    Report report = report_of(lane.request, lane.running().answer());
    if (!options_.twice) return end(lane, std::move(report));
    if (!lane.once) {
      lane.once = std::move(report);
      return lane.second.ask(lane.request);
    }
    Report first = std::move(*lane.once);
    first.cpu += report.cpu;
    if (!first.failure && report.failure) {
      first.failure = report.failure;
      first.failure->detail.insert(0, "in the second process: ");
    }
    if (!first.failure && first.digest != report.digest) {
      first.failure = Failure{"determinism", "one seed is one run",
                              first_difference(lane.first, lane.second, lane.request), Time{}};
    }
    end(lane, std::move(first));
  }

  void end(Lane& lane, Report report) {
    ++totals_.seeds;
    totals_.failed += report.failure ? 1 : 0;
    totals_.unknown += report.failure && report.failure->kind == kUnknown ? 1 : 0;
    totals_.faults += report.faults;
    totals_.commands += report.commands;
    const auto runs = static_cast<std::int64_t>(report.nodes * (options_.twice ? 2 : 1));
    totals_.node_time += report.length * runs;
    totals_.cpu += report.cpu;
    totals_.coverage.add(report.coverage);
    on_report_(report, totals_);
    begin(lane);
  }

  const CampaignOptions& options_;
  const OnReport& on_report_;
  std::chrono::steady_clock::time_point began_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::uint64_t begun_ = 0;
  Totals totals_;
};

}  // namespace

Report run_in(WorkerProcess& worker, const WorkerRequest& request) {
  worker.ask(request);
  return report_of(request, worker.answer());
}

Totals run_campaign(const CampaignOptions& options, const OnReport& on_report) {
  return Campaign(options, on_report).run();
}

}  // namespace simulation

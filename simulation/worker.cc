#include "simulation/worker.h"

#include <signal.h>
#include <sys/resource.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "simulation/diagram_page.h"
#include "simulation/last_page.h"
#include "simulation/planted.h"
#include "simulation/report.h"

namespace simulation {
namespace {

using nlohmann::json;

Duration cpu_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

crdt::Result<WorkerRequest> parse_request(const std::string& line) {
  const json in = json::parse(line, nullptr, false);
  if (!in.is_object()) return crdt::Error("not a request");
  auto options = parse_options(in.value("options", ""));
  if (!options) return options.error();
  WorkerRequest request;
  request.options = std::move(*options);
  request.exactly = in.value("exactly", false);
  request.plan = in.value("plan", "");
  request.keep_digests = in.value("keep", false);
  request.html = in.value("html", "");
  request.planted = in.value("planted", "");
  request.commit = in.value("commit", "");
  if (in.contains("describe")) request.describe = in["describe"].get<std::uint64_t>();
  return request;
}

std::string answer(const WorkerRequest& request, std::string_view commit) {
  if (!request.commit.empty() && request.commit != commit) {
    return json{{"error", "it is of another commit, " + std::string(commit) + ", not " +
                              request.commit + ": build it anew"}}
        .dump();
  }
  const auto plan = request.make_plan();
  if (!plan) return json{{"error", plan.error().message}}.dump();
  const auto planted = plant(request.planted);
  if (!planted) return json{{"error", planted.error().message}}.dump();
  const Duration before = cpu_used();
  Diagram diagram;
  Diagram* const draws = request.html.empty() ? nullptr : &diagram;
  std::optional<LastPage> last;
  if (draws != nullptr) last.emplace(diagram, *plan, request.html);
  Report report = run(*plan, {request.keep_digests, request.describe, {}, draws});
  last.reset();
  report.cpu = cpu_used() - before;
  if (draws != nullptr && !LastPage::write(request.html, page_of(diagram, *plan, report))) {
    return json{{"error", "cannot write " + request.html}}.dump();
  }
  std::string line = to_json(report);
  if (!request.keep_digests) return line;
  json with_digests = json::parse(line);
  with_digests["digests"] = report.digests;
  return with_digests.dump();
}

}  // namespace

crdt::Result<Plan> WorkerRequest::make_plan() const {
  if (!plan.empty()) return parse_plan(plan);
  return draw_plan(draw_options(options, exactly));
}

std::string to_json(const WorkerRequest& request) {
  json out{{"options", to_text(request.options)}, {"exactly", request.exactly}};
  if (!request.plan.empty()) out["plan"] = request.plan;
  if (request.keep_digests) out["keep"] = true;
  if (!request.html.empty()) out["html"] = request.html;
  if (!request.planted.empty()) out["planted"] = request.planted;
  if (!request.commit.empty()) out["commit"] = request.commit;
  if (request.describe) out["describe"] = *request.describe;
  return out.dump();
}

int serve_requests(std::istream& in, std::ostream& out, std::string_view commit) {
  ::signal(SIGINT, SIG_IGN);  // A terminal's ctrl-C reaches all; whoever asked decides.
  for (std::string line; std::getline(in, line);) {
    const auto request = parse_request(line);
    if (!request) {
      std::cerr << "muster-sim: " << request.error().message << "\n";
      return 2;
    }
    out << answer(*request, commit) << std::endl;
  }
  return 0;
}

}  // namespace simulation

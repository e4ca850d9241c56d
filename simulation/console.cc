#include "simulation/console.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <utility>

#include "simulation/report.h"

namespace simulation {
namespace {

double hours_per_cpu_second(const Totals& totals) {
  const double cpu = static_cast<double>(totals.cpu.count()) / 1e6;
  const double hours = static_cast<double>(totals.node_time.count()) / 3600e6;
  return cpu > 0 ? hours / cpu : 0;
}

std::string rounded(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

}  // namespace

void Console::show(const Report& report, const Totals& totals) {
  if (arguments_.json) {
    std::cout << to_json(report) << std::endl;
    return;
  }
  if (report.failure) {
    clear_progress();
    if (seen_.insert(report.failure->kind + report.failure->property).second) explain(report);
    return;
  }
  if (arguments_.one_run()) {
    std::cout << summary_of(report) << "\n";
  } else {
    progress(totals);
  }
}

void Console::end(const Totals& totals) {
  clear_progress();
  std::ostream& out = arguments_.json ? std::cerr : std::cout;  // Where objects go, only they go.
  out << plural(totals.seeds, "seed") << ", " << totals.failed << " failed, "
      << plural(totals.commands, "command") << ", " << plural(totals.faults, "fault") << "; "
      << rounded("%.2f", hours_per_cpu_second(totals))
      << " node-hours per CPU-second; marks reached: " << totals.coverage.reached() << " of "
      << kMarks << std::endl;
  if (arguments_.marks) out << table_of(totals.coverage);
}

void Console::explain(const Report& report) {
  WorkerRequest request = request_;
  request.options.seed = report.seed;
  const auto plan = request.make_plan();
  for (const std::string& notice : report.notices) std::cout << "  " << notice << "\n";
  if (plan && !arguments_.one_run()) std::cout << to_text(plan->options) << "\n";
  std::cout << line_of(*report.failure, report.seed, commit_) << "\n"
            << "see it again: " << replay_line(arguments_, report.seed) << std::endl;
  std::error_code ignored;
  if (!arguments_.html.empty() && std::filesystem::exists(arguments_.html, ignored)) {
    std::cout << "drawn in " << arguments_.html << std::endl;
  }
}

void Console::progress(const Totals& totals) {
  if (::isatty(STDERR_FILENO) == 0) return;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
  std::cerr << "\r" << plural(totals.seeds, "seed") << ", "
            << rounded("%.1f", static_cast<double>(totals.seeds) / passed.count()) << " a second, "
            << plural(totals.faults, "fault") << ", marks " << totals.coverage.reached() << " of "
            << kMarks << ", " << totals.failed << " failed " << std::flush;
  progress_shown_ = true;
}

void Console::clear_progress() {
  if (std::exchange(progress_shown_, false)) std::cerr << "\r\033[K" << std::flush;
}

}  // namespace simulation

// Console: tells a person how a campaign goes, and how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include "simulation/arguments.h"
#include "simulation/campaign.h"

namespace simulation {

class Console {
 public:
  // Both outlive it.
  Console(const Arguments& arguments, const WorkerRequest& request, std::string commit)
      : arguments_(arguments),
        request_(request),
        commit_(std::move(commit)),
        began_(std::chrono::steady_clock::now()) {}

  void show(const Report& report, const Totals& totals);
  void end(const Totals& totals);

 private:
  void explain(const Report& report);
  void progress(const Totals& totals);
  void clear_progress();

  const Arguments& arguments_;
  const WorkerRequest& request_;
  std::string commit_;
  std::chrono::steady_clock::time_point began_;
  std::set<std::string> seen_;  // Properties that one failure was shown of.
  bool progress_shown_ = false;
};

}  // namespace simulation

#include "tests/cluster/fault_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "node/text_file.h"
#include "tests/cluster/people.h"

namespace tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kComplaintsShown = 12;
constexpr std::size_t kHistoriesShown = 3;  // One broken promise often breaks others.

// "job-000012" of "lost: job-000012 v000034, at the end on peer 2".
std::string subject_of(const std::string& complaint) {
  const std::size_t start = complaint.find(": ") + 2;
  const std::string rest = complaint.substr(start, complaint.find_first_of(" ,", start) - start);
  if (!complaint.starts_with("strayed")) return rest;
  const std::size_t job = complaint.find("job-");
  return complaint.substr(job, complaint.find(',', job) - job);
}

Doors doors_of(const FaultCluster& cluster) {
  return {.count = cluster.size(),
          .signing_secret = cluster.signing_secret(),
          .port = [&cluster](int peer) { return cluster.slack_port(peer); },
          .peer = [](int peer, const node::HttpAnswer&) { return peer; }};
}

std::string how_to_repeat(const FaultPlanOptions& options) {
  std::string test = "./run test";
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  if (info != nullptr) {
    test += " '" + std::string(info->test_suite_name()) + "." + info->name() + "'";
  }
  return "MUSTER_CLUSTER_SEED=" + std::to_string(options.seed) + " MUSTER_CLUSTER_SECONDS=" +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(options.length).count()) +
         " " + test;
}

}  // namespace

std::uint64_t cluster_seed() {
  const char* given = std::getenv("MUSTER_CLUSTER_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

std::chrono::seconds cluster_length(std::chrono::seconds otherwise) {
  const char* given = std::getenv("MUSTER_CLUSTER_SECONDS");
  const long seconds = given != nullptr ? std::strtol(given, nullptr, 10) : 0;
  return seconds > 0 ? std::chrono::seconds(seconds) : otherwise;
}

FaultRun::FaultRun(FaultPlanOptions options, std::vector<Fault> faults)
    : options_(std::move(options)),
      cluster_(options_.peers, options_.seed),
      faults_(std::move(faults)) {}

// Begins and ends every fault when its time has come.
void FaultRun::strike() {
  std::multimap<std::chrono::milliseconds, std::function<void()>> agenda;
  for (const Fault& fault : faults_) {
    agenda.emplace(fault.at, [this, &fault] {
      history_.note(words_of(fault));
      begin(cluster_, fault);
    });
    agenda.emplace(fault.at + fault.lasts, [this, &fault] {
      history_.note("over: " + words_of(fault));
      end(cluster_, fault);
    });
  }
  const auto start = Clock::now();
  for (const auto& [at, act] : agenda) {
    if (at >= options_.length || !cluster_.problem().empty()) break;
    std::this_thread::sleep_until(start + at);
    act();
  }
  std::this_thread::sleep_until(start + options_.length);
}

std::vector<std::string> FaultRun::run() {
  if (!cluster_.problem().empty()) return {"start: " + cluster_.problem()};
  People people(doors_of(cluster_), history_, options_.seed);
  strike();
  history_.note("everything heals");
  cluster_.heal_all();
  people.finish();
  print_figures();
  if (!cluster_.problem().empty()) return {"trouble: " + cluster_.problem()};
  if (std::string problem = collect(people.rooms()); !problem.empty()) {
    return {"unequal: " + problem};
  }
  return broken_promises(history_.commands(), at_the_end_);
}

// What a stopped peer was sent it may still do after it looked equal; so lists count only if the
// hash is the same before and after them.
std::string FaultRun::collect(const std::vector<std::string>& rooms) {
  const auto deadline = Clock::now() + FaultCluster::kPatience;
  for (;;) {
    const auto before = cluster_.settle();
    if (!before) return before.error().message;
    for (int peer = 1; peer <= cluster_.size(); ++peer) {
      for (const std::string& room : rooms) {
        const auto list = list_of(cluster_.slack_port(peer), cluster_.signing_secret(), room);
        if (!list) return "peer " + std::to_string(peer) + ": " + list.error().message;
        at_the_end_[peer][room] = *list;
      }
    }
    const auto after = cluster_.settle();
    if (after && *after == *before) return {};
    if (Clock::now() >= deadline) return "the peers do not come to rest";
  }
}

void FaultRun::print_figures() const {
  std::map<FaultKind, int> by_kind;
  for (const Fault& fault : faults_) ++by_kind[fault.kind];
  std::size_t attempts = 0;
  std::size_t acknowledged = 0;
  for (const TypedCommand& command : history_.commands()) {
    attempts += command.attempts.size();
    if (command.acknowledged()) ++acknowledged;
  }
  std::printf(
      "seed %llu: %zu commands, %zu acknowledged, %zu tries; %zu faults of %zu kinds, "
      "%llu resets\n",
      static_cast<unsigned long long>(options_.seed), history_.commands().size(), acknowledged,
      attempts, faults_.size(), by_kind.size(),
      static_cast<unsigned long long>(cluster_.resets_drawn()));
  for (const FaultKind kind : options_.kinds) {
    if (std::string lack = lacks(kind); !lack.empty()) {
      std::printf("left out: %s\n", lack.c_str());
    }
  }
}

std::string FaultRun::story(const std::vector<std::string>& complaints) {
  std::string out = std::to_string(complaints.size()) + " broken promises:\n";
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < std::min(complaints.size(), kComplaintsShown); ++i) {
    out += "  " + complaints[i] + "\n";
    const std::string subject = subject_of(complaints[i]);
    if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
      subjects.push_back(subject);
    }
  }
  const std::string folder = cluster_.keep();
  static_cast<void>(node::write_new_file(folder + "/history", history_.text({})));
  for (std::size_t i = 0; i < std::min(subjects.size(), kHistoriesShown); ++i) {
    out += "What was said and done about " + subjects[i] + ":\n" + history_.text(subjects[i]);
  }
  out += "Configurations, logs and stores: " + folder + "/peer-N; everything said: " + folder +
         "/history\n";
  out += "To repeat it: " + how_to_repeat(options_) + "\n";
  return out;
}

}  // namespace tests

#include "tests/cluster/kill_load.h"

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

namespace tests {
namespace {

constexpr int kClients = 4;
constexpr int kTasksPerChannel = 10;  // As incidents have; a list shows them all.
constexpr int kBetweenKills = KillLoad::kCommands / (KillLoad::kKills + 2);

std::string channel_of(int number) { return "room-" + std::to_string(number / kTasksPerChannel); }

// No name is the beginning of another.
std::string task_of(int number) {
  char name[16];
  std::snprintf(name, sizeof name, "job-%04d", number);
  return name;
}

// Clients that send every command until somebody acknowledges it. All prefer one peer, the target,
// so that a kill of the target always meets requests on their way.
class Clients {
 public:
  explicit Clients(Cluster& cluster) : cluster_(cluster) {
    for (int peer = 1; peer <= cluster.peers().size(); ++peer) {
      ports_.emplace_back(cluster.peers().slack_port(peer));
    }
    for (int client = 0; client < kClients; ++client) {
      threads_.emplace_back([this, client] { run(client); });
    }
  }

  ~Clients() { join(); }

  void join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  void aim_at(int peer) { target_ = peer; }

  // A restarted peer may have had to take another port.
  void moved(int peer, std::uint16_t port) { ports_[static_cast<std::size_t>(peer - 1)] = port; }

  // Waits until so many commands are acknowledged; false when one never will be.
  bool wait_for(int acknowledged) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ >= acknowledged || given_up_ > 0; });
    return given_up_ == 0;
  }

  int retried() const { return retried_; }

 private:
  void run(int client) {
    for (int number = client; number < KillLoad::kCommands; number += kClients) {
      const bool done = send_until_acknowledged(number);
      const std::lock_guard lock(mutex_);
      ++(done ? acknowledged_ : given_up_);
      changed_.notify_all();
    }
  }

  bool send_until_acknowledged(int number) {
    const node::HttpCall call =
        cluster_.sign(slash({.text = "add " + task_of(number), .channel = channel_of(number)}));
    const auto deadline = std::chrono::steady_clock::now() + Cluster::kPatience;
    for (int attempt = 0; std::chrono::steady_clock::now() < deadline; ++attempt) {
      const auto peer = static_cast<std::size_t>(target_ - 1 + attempt) % ports_.size();
      node::HttpClient client("127.0.0.1", ports_[peer], std::chrono::seconds(3));
      const auto answer = client.call(call);
      // A refusal is a 200 as well, for a person must read it; an acknowledgement names the task.
      if (answer && answer->status == 200 && count_of(answer->body, task_of(number)) > 0) {
        return true;
      }
      ++retried_;
      // Nobody is there; the next tries meet their start.
      if (peer + 1 == ports_.size()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  Cluster& cluster_;
  std::deque<std::atomic<std::uint16_t>> ports_;
  std::atomic<int> target_{1};
  std::atomic<int> retried_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int acknowledged_ = 0;
  int given_up_ = 0;
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

// Kills the peer, or all from this one on, and starts again what was killed.
std::string restart(node::cli::DemoCluster& peers, int first, bool all) {
  const int count = all ? peers.size() : 1;
  const auto nth = [&](int i) { return 1 + (first - 1 + i) % peers.size(); };
  for (int i = 0; i < count; ++i) ::kill(peers.pid_of(nth(i)), SIGKILL);  // At once,
  for (int i = 0; i < count; ++i) peers.kill(nth(i));                     // and waited for.
  for (int i = 0; i < count; ++i) {
    if (auto started = peers.start(nth(i)); !started) return started.error().message;
  }
  return {};
}

}  // namespace

std::string KillLoad::run() {
  if (!cluster_.problem().empty()) return cluster_.problem();
  node::cli::DemoCluster& peers = cluster_.peers();
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  Clients clients(cluster_);
  int target = 1;
  for (int kill = 1; kill <= kKills; ++kill) {
    clients.aim_at(target);
    const int moment = (kill - 1) * kBetweenKills + static_cast<int>(random() % kBetweenKills);
    if (!clients.wait_for(moment)) return "a command found no peer";
    // Anywhere within a request's few milliseconds, also between its commit and its answer.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    const bool all = options_.all_every > 0 && kill % options_.all_every == 0;
    if (std::string problem = restart(peers, target, all); !problem.empty()) return problem;
    for (int peer = 1; peer <= peers.size(); ++peer) clients.moved(peer, peers.slack_port(peer));
    target = 1 + static_cast<int>(random() % 3);
  }
  if (!clients.wait_for(kCommands)) return "a command found no peer";
  clients.join();
  if (options_.all_every > 0) {
    if (std::string problem = restart(peers, target, true); !problem.empty()) return problem;
  }
  std::printf("%d commands, %d kills at moments drawn from %u, %d attempts were retried\n",
              kCommands, kKills, seed, clients.retried());
  return cluster_.settle();
}

std::vector<std::string> KillLoad::complaints() {
  std::vector<std::string> complaints;
  for (int peer = 1; peer <= cluster_.peers().size(); ++peer) {
    for (int first = 0; first < kCommands; first += kTasksPerChannel) {
      const std::string list = cluster_.list(peer, channel_of(first));
      for (int number = first; number < first + kTasksPerChannel; ++number) {
        const int count = count_of(list, task_of(number));
        const std::string where = task_of(number) + " on peer " + std::to_string(peer);
        if (count == 0) complaints.push_back("lost: " + where);
        if (count > 1) complaints.push_back("twice: " + where);
      }
    }
  }
  return complaints;
}

}  // namespace tests

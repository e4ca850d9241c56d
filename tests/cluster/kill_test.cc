// What a power cut may not take: every acknowledged command, once.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "tests/cluster/cluster.h"

namespace {

using tests::Cluster;
using tests::Said;

constexpr int kCommands = 1000;
constexpr int kKills = 50;
constexpr int kClients = 4;
constexpr int kTasksPerChannel = 10;  // As incidents have; a list shows them all.

std::string channel_of(int number) { return "room-" + std::to_string(number / kTasksPerChannel); }

// No name is the beginning of another.
std::string task_of(int number) {
  char name[16];
  std::snprintf(name, sizeof name, "job-%04d", number);
  return name;
}

// The load: clients that send every command until somebody acknowledges it. All prefer one peer,
// the target, so that a kill of the target always meets requests on their way.
class Load {
 public:
  explicit Load(Cluster& cluster) : cluster_(cluster) {
    for (int peer = 1; peer <= cluster.peers().size(); ++peer) {
      ports_.push_back(cluster.peers().slack_port(peer));
    }
    for (int client = 0; client < kClients; ++client) {
      threads_.emplace_back([this, client] { run(client); });
    }
  }

  ~Load() { join(); }

  void join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  void aim_at(int peer) { target_ = peer; }

  // A restarted peer may have had to take another port.
  void moved(int peer, std::uint16_t port) { ports_[static_cast<std::size_t>(peer - 1)] = port; }

  // Waits until so many commands are acknowledged.
  void wait_for(int acknowledged) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ >= acknowledged || given_up_ > 0; });
  }

  int given_up() const { return given_up_; }
  int retried() const { return retried_; }

 private:
  void run(int client) {
    for (int number = client; number < kCommands; number += kClients) {
      const bool done = send_until_acknowledged(number);
      const std::lock_guard lock(mutex_);
      if (done) ++acknowledged_;
      if (!done) ++given_up_;
      changed_.notify_all();
    }
  }

  bool send_until_acknowledged(int number) {
    const node::HttpCall call = cluster_.sign(
        tests::slash({.text = "add " + task_of(number), .channel = channel_of(number)}));
    const auto deadline = std::chrono::steady_clock::now() + Cluster::kPatience;
    for (int attempt = 0; std::chrono::steady_clock::now() < deadline; ++attempt) {
      const std::size_t peers = ports_.size();
      const std::size_t peer = (static_cast<std::size_t>(target_ - 1 + attempt)) % peers;
      node::HttpClient client("127.0.0.1", ports_[peer], std::chrono::seconds(3));
      const auto answer = client.call(call);
      // A refusal is a 200 as well, for a person must read it; an acknowledgement names the task.
      if (answer && answer->status == 200 && tests::count_of(answer->body, task_of(number)) > 0) {
        return true;
      }
      ++retried_;
    }
    return false;
  }

  struct Port {
    Port(std::uint16_t number) : value(number) {}
    Port(const Port& other) : value(other.value.load()) {}
    Port& operator=(std::uint16_t number) {
      value = number;
      return *this;
    }
    operator std::uint16_t() const { return value; }

    std::atomic<std::uint16_t> value;
  };

  Cluster& cluster_;
  std::vector<Port> ports_;
  std::atomic<int> target_{1};
  std::atomic<int> retried_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int acknowledged_ = 0;
  std::atomic<int> given_up_{0};
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

// Every peer's lists hold every task exactly once.
void expect_each_task_once(Cluster& cluster) {
  for (int peer = 1; peer <= cluster.peers().size(); ++peer) {
    for (int first = 0; first < kCommands; first += kTasksPerChannel) {
      const std::string list = cluster.list(peer, channel_of(first));
      for (int number = first; number < first + kTasksPerChannel; ++number) {
        ASSERT_EQ(tests::count_of(list, task_of(number)), 1)
            << task_of(number) << " on peer " << peer << ":\n"
            << list;
      }
    }
  }
}

TEST(Kill, NoAcknowledgedCommandIsLostOrDoubledByFiftyKills) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("moments drawn from seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int kills = 0;
  int retried = 0;
  {
    Load load(cluster);
    constexpr int kBetweenKills = kCommands / (kKills + 2);
    for (int target = 1; kills < kKills; ++kills) {
      load.aim_at(target);
      load.wait_for(kills * kBetweenKills + static_cast<int>(random() % kBetweenKills));
      ASSERT_EQ(load.given_up(), 0) << "a command found no peer";
      // Anywhere within a request's few milliseconds, also between its commit and its answer.
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
      cluster.peers().kill(target);
      const auto started = cluster.peers().start(target);
      ASSERT_TRUE(started) << started.error().message;
      load.moved(target, cluster.peers().slack_port(target));
      target = 1 + static_cast<int>(random() % 3);
    }
    load.join();
    ASSERT_EQ(load.given_up(), 0) << "a command found no peer";
    retried = load.retried();
  }
  ASSERT_EQ(cluster.settle(), "");
  expect_each_task_once(cluster);
  std::printf("%d commands, %d kills, %d attempts failed and were retried elsewhere\n", kCommands,
              kills, retried);
}

TEST(Kill, ARestartOfAllKeepsEverything) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  for (int number = 0; number < kTasksPerChannel; ++number) {
    cluster.send(1 + number % 3, Said{.text = "add " + task_of(number), .channel = "room-0"});
  }
  ASSERT_EQ(cluster.settle(), "");
  const std::string hash = cluster.hash_of(1);
  for (int peer = 1; peer <= 3; ++peer) cluster.peers().kill(peer);
  for (int peer = 1; peer <= 3; ++peer) {
    const auto started = cluster.peers().start(peer);
    ASSERT_TRUE(started) << started.error().message;
  }
  ASSERT_EQ(cluster.settle(), "");
  for (int peer = 1; peer <= 3; ++peer) {
    EXPECT_EQ(cluster.hash_of(peer), hash);
    for (int number = 0; number < kTasksPerChannel; ++number) {
      EXPECT_EQ(tests::count_of(cluster.list(peer, "room-0"), task_of(number)), 1);
    }
  }
}

}  // namespace

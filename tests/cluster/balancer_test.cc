// Five real peers behind the real HAProxy, under load, while peers are restarted, killed, stopped.
#include "tests/cluster/balancer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "slack/form.h"
#include "slack/signature.h"
#include "tests/cluster/cluster.h"

namespace {

using node::cli::DemoCluster;
using testing::IsEmpty;
using tests::Balancer;
using namespace std::chrono_literals;

constexpr int kPeers = 5;
constexpr int kClients = 4;
constexpr int kTasksPerChannel = 10;  // As incidents have; a list shows them all.
constexpr int kAttemptsMax = 3;       // A person who gets an error tries again.

std::string channel_of(int number) { return "room-" + std::to_string(number / kTasksPerChannel); }

// No name is the beginning of another.
std::string task_of(int number) {
  char name[16];
  std::snprintf(name, sizeof name, "job-%06d", number);
  return name;
}

struct Behind : testing::Test {
  void SetUp() override {
    if (!Balancer::missing().empty()) GTEST_SKIP() << "left out: " << Balancer::missing();
    // Nobody waits for a drain to be over: a second signal ends it once HAProxy has seen it.
    auto made = DemoCluster::create({.folder = folder_.path() / "peers",
                                     .binary = MUSTER_BINARY,
                                     .peers = kPeers,
                                     .drain = 10min,
                                     .relayed = false});
    ASSERT_TRUE(made) << made.error().message;
    peers_ = std::move(*made);
    for (int peer = 1; peer <= kPeers; ++peer) start(peer);
    std::vector<std::uint16_t> ports;
    for (int peer = 1; peer <= kPeers; ++peer) ports.push_back(peers_->slack_port(peer));
    auto balancer = Balancer::start(ports, kPeers, folder_.path());
    ASSERT_TRUE(balancer) << balancer.error().message;
    balancer_ = std::move(*balancer);
  }

  // On the port that HAProxy knows.
  void start(int peer) {
    const std::uint16_t port = peers_->slack_port(peer);
    const auto started = peers_->start(peer);
    ASSERT_TRUE(started) << started.error().message;
    if (balancer_) {
      ASSERT_EQ(peers_->slack_port(peer), port) << "its port was taken meanwhile";
    }
  }

  node::HttpCall sign(const std::string& target, const char* type, const std::string& body) const {
    node::HttpCall call{"POST", target, {}, body};
    const auto now = std::chrono::floor<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
    call.headers = {{"Content-Type", type},
                    {"X-Slack-Request-Timestamp", std::to_string(now.count())},
                    {"X-Slack-Signature", slack::sign(peers_->signing_secret(), now, body)}};
    return call;
  }

  // Which peer the balancer chose for it.
  std::string peer_of(const node::HttpCall& call) const {
    node::HttpClient client("127.0.0.1", balancer_->port(), 3s);
    const auto answer = client.call(call);
    return answer ? std::string(answer->header("x-muster-peer")) : answer.error().message;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<DemoCluster> peers_;
  std::unique_ptr<Balancer> balancer_;
};

// People who go on typing until they are told to stop.
class Load {
 public:
  Load(Balancer& balancer, const std::string& secret) : port_(balancer.port()), secret_(secret) {
    for (int client = 0; client < kClients; ++client) threads_.emplace_back([this] { run(); });
  }
  ~Load() { finish(); }

  // Waits until so many more commands are acknowledged.
  bool go_on_for(int commands) {
    std::unique_lock lock(mutex_);
    const int wanted = acknowledged_ + commands;
    return changed_.wait_for(lock, tests::Process::kPatience,
                             [&] { return acknowledged_ >= wanted; });
  }

  void finish() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  // By channel: how many of its commands each peer answered.
  [[nodiscard]] std::map<std::string, std::map<std::string, int>> answered_by() {
    const std::lock_guard lock(mutex_);
    return answered_by_;
  }

  // After finish().
  [[nodiscard]] int typed() const { return next_; }
  [[nodiscard]] int repeated() const { return repeated_; }
  [[nodiscard]] const std::vector<std::string>& failed() const { return failed_; }

 private:
  void run() {
    node::HttpClient client("127.0.0.1", port_, 3s);  // Slack waits no longer.
    while (!stopping_) {
      type(client, next_++);
      std::this_thread::sleep_for(2ms);  // People, not a benchmark.
    }
  }

  void type(node::HttpClient& client, int number) {
    const tests::Said said{.text = "add " + task_of(number), .channel = channel_of(number)};
    const node::HttpCall call = node::cli::signed_call(tests::slash(said), secret_);
    std::string why;
    for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
      const auto answer = client.call(call);
      // A refusal is a 200 as well, for a person must read it; an acknowledgement names the task.
      if (answer && answer->status == 200 && tests::count_of(answer->body, task_of(number)) > 0) {
        const std::lock_guard lock(mutex_);
        ++acknowledged_;
        ++answered_by_[channel_of(number)][std::string(answer->header("x-muster-peer"))];
        return changed_.notify_all();
      }
      ++repeated_;
      why = answer ? std::to_string(answer->status) + " " + answer->body : answer.error().message;
    }
    const std::lock_guard lock(mutex_);
    failed_.push_back(task_of(number) + ": " + why);
  }

  const std::uint16_t port_;
  const std::string secret_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> next_{0};
  std::atomic<int> repeated_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int acknowledged_ = 0;
  std::map<std::string, std::map<std::string, int>> answered_by_;
  std::vector<std::string> failed_;
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

TEST_F(Behind, AChannelsCommandsButtonsAndEventsMeetOnOnePeer) {
  const char* form = "application/x-www-form-urlencoded";
  std::map<std::string, int> peers;
  for (int i = 0; i < 20; ++i) {
    const std::string channel = "C0ROOM" + std::to_string(i);
    const std::string command = peer_of(sign("/slack/commands", form, "channel_id=" + channel));
    const std::string button =
        "{\"type\":\"block_actions\",\"channel\":{\"id\":\"" + channel + "\"}}";
    const std::string event =
        "{\"type\":\"event_callback\",\"event\":{\"channel\":\"" + channel + "\"}}";
    EXPECT_EQ(peer_of(sign("/slack/events", form, slack::form_encode("payload", button))), command);
    EXPECT_EQ(peer_of(sign("/slack/events", "application/json", event)), command);
    ++peers[command];
  }
  EXPECT_GT(peers.size(), 1u);
}

TEST_F(Behind, OnlySlacksPathsAreServed) {
  node::HttpClient client("127.0.0.1", balancer_->port(), 3s);
  for (const char* target : {"/readyz", "/healthz", "/metrics", "/status", "/"}) {
    const auto answer = client.call({"GET", target, {}, {}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 404) << target;
  }
}

TEST_F(Behind, NoRequestFailsAndNothingIsLostWhilePeersAreRestartedKilledAndStopped) {
  Load load(*balancer_, peers_->signing_secret());
  ASSERT_TRUE(load.go_on_for(300));
  int together = 0;
  int all = 0;
  for (const auto& [channel, by_peer] : load.answered_by()) {
    int most = 0;
    for (const auto& [peer, count] : by_peer) {
      most = std::max(most, count);
      all += count;
    }
    together += most;
  }
  EXPECT_GE(together * 10, all * 9) << "channels do not stay on one peer";

  const long before = balancer_->redispatched();
  for (int peer = 1; peer <= kPeers; ++peer) {
    ::kill(peers_->pid_of(peer), SIGTERM);
    ASSERT_TRUE(balancer_->wait_until(peer, false)) << "a draining peer looks ready";
    EXPECT_TRUE(peers_->running(peer)) << "it did not wait for HAProxy to look away";
    EXPECT_TRUE(peers_->stop(peer));  // The second signal.
    ASSERT_TRUE(load.go_on_for(20));
    start(peer);
    ASSERT_TRUE(balancer_->wait_until_all_up());
  }
  const long rolling = balancer_->redispatched() - before;

  peers_->kill(2);
  ASSERT_TRUE(load.go_on_for(100));
  start(2);
  ASSERT_TRUE(balancer_->wait_until_all_up());

  ::kill(peers_->pid_of(3), SIGSTOP);
  ASSERT_TRUE(load.go_on_for(100));
  ASSERT_TRUE(balancer_->wait_until(3, false));
  ::kill(peers_->pid_of(3), SIGCONT);
  ASSERT_TRUE(balancer_->wait_until_all_up());
  ASSERT_TRUE(load.go_on_for(50));
  load.finish();

  std::printf(
      "%d commands; %d of %d at their channel's peer; %ld given to another peer in the "
      "rolling restart, %ld in all; %d repeated by their author\n",
      load.typed(), together, all, rolling, balancer_->redispatched() - before, load.repeated());
  EXPECT_THAT(load.failed(), IsEmpty());
  EXPECT_LE(load.repeated() * 100, load.typed()) << "HAProxy should have tried another peer";
  const auto pause = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);  // Between two looks, not instead of one.
    return true;
  };
  const auto settled = peers_->settle(pause, tests::Process::kPatience);
  ASSERT_TRUE(settled) << settled.error().message;
  for (int peer = 1; peer <= kPeers; ++peer) {
    std::string list;
    for (int number = 0; number < load.typed(); ++number) {
      if (number % kTasksPerChannel == 0) {
        const tests::Said said{.text = "list all", .channel = channel_of(number)};
        const auto answer = peers_->send(
            peer, node::cli::signed_call(tests::slash(said), peers_->signing_secret()));
        ASSERT_TRUE(answer) << answer.error().message;
        list = answer->body;
      }
      EXPECT_EQ(tests::count_of(list, task_of(number)), 1) << task_of(number) << " on " << peer;
    }
  }
}

}  // namespace

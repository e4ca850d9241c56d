// A thousand commands while the power of the peer that receives them goes again and again: what was
// acknowledged is there afterwards, on every peer, once. And two proofs that this test can fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "node/driver.h"
#include "tests/support/replica_cluster.h"
#include "tests/support/store_view.h"

namespace {

using node::ExchangeId;
using node::HttpReply;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::ReplicaCluster;
using tests::SignedCommand;
using tests::StoreView;
using namespace std::chrono_literals;

constexpr int kCommands = 1'000;
constexpr int kCrashesMin = 50;
constexpr int kClients = 4;
constexpr int kTasksPerChannel = 10;

struct Faults {
  bool lose_syncs = false;
  bool late_commits = false;
};

// So small that changes move in nearly every commit, and journals grow long.
constexpr node::WriteBehind::Limits kWriteBehind{8'192, 64};

enum class Kind { kStoreAlone, kWriteBehind };

// What must hold at the end; empty where it does. Whoever breaks durability must show here.
std::vector<std::string> complaints_of(ReplicaCluster& cluster,
                                       const std::set<std::string>& acknowledged) {
  std::vector<std::string> complaints;
  std::vector<StoreView> views;
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    node::MemoryStore store = cluster.placed(node);
    views.push_back(tests::view_of(store));
  }
  const StoreView& first = views.front();
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const std::string where = " on " + std::to_string(node);
    const StoreView& view = views[node];
    for (const std::string& task : acknowledged) {
      if (!view.texts.contains(task)) complaints.push_back("lost " + task + where);
    }
    for (const auto& [text, count] : view.texts) {
      if (count > 1) complaints.push_back("twice " + text + where);
    }
    if (view.digest != first.digest) complaints.push_back("other digest" + where);
    if (view.documents != first.documents) complaints.push_back("other documents" + where);
  }
  return complaints;
}

class Scenario {
 public:
  Scenario(std::uint64_t seed, Kind kind, Faults faults)
      : cluster_(3, seed, options_of(kind, faults)) {
    for (std::size_t i = 0; i < 3; ++i) cluster_.store(i).set_lose_syncs(faults.lose_syncs);
  }

  // True when everything was acknowledged and all peers became quiet.
  bool run() {
    for (long step = 0; step < 2'000'000; ++step) {
      if (acknowledged_.size() == kCommands && crashes_ >= kCrashesMin) break;
      for (Client& client : clients_) act(client);
      move();
      for (std::size_t i = 0; i < 3; ++i) {
        if (!cluster_.running(i) && cluster_.rng().below(20) == 0) cluster_.start(i);
      }
    }
    // The last power cut hits everybody at once.
    for (std::size_t i = 0; i < 3; ++i) cluster_.crash(i);
    for (std::size_t i = 0; i < 3; ++i) cluster_.start(i);
    return acknowledged_.size() == kCommands && cluster_.settle();
  }

  std::vector<std::string> complaints() { return complaints_of(cluster_, acknowledged_); }
  int crashes() const { return crashes_; }

 private:
  static ReplicaCluster::Options options_of(Kind kind, Faults faults) {
    ReplicaCluster::Options options;
    options.late_commits = faults.late_commits;
    if (kind == Kind::kWriteBehind) options.write_behind = kWriteBehind;
    return options;
  }

  struct Client {
    std::string task;  // Empty while it has nothing to say.
    SignedCommand command;
    std::size_t node = 0;
    ExchangeId exchange;
    crdt::Instant sent;
  };

  // Sends, listens, and tries another peer after a refusal, a broken connection or three seconds.
  void act(Client& client) {
    if (client.task.empty()) {
      if (next_ == kCommands) return;
      client.task = "job-" + std::to_string(10'000 + next_);
      client.command = cluster_.command("add " + client.task, "U1",
                                        "C" + std::to_string(next_ / kTasksPerChannel));
      ++next_;
      return send(client, target_);
    }
    const HttpReply* reply = cluster_.reply(client.node, client.exchange);
    if (reply != nullptr && reply->body.find("nothing was changed") == std::string::npos) {
      acknowledged_.insert(client.task);
      client.task.clear();
      return;
    }
    const bool lost =
        client.exchange == ExchangeId{} || reply != nullptr || !cluster_.running(client.node) ||
        cluster_.given_up(client.node, client.exchange) || cluster_.now().steady - client.sent > 3s;
    if (lost) send(client, (client.node + 1 + cluster_.rng().below(2)) % 3);
  }

  void send(Client& client, std::size_t node) {
    for (int i = 0; i < 3 && !cluster_.running(node); ++i) node = (node + 1) % 3;
    client.exchange = ExchangeId{};
    if (!cluster_.running(node)) return;
    client.node = node;
    client.sent = cluster_.now().steady;
    client.exchange = cluster_.submit(node, cluster_.request(client.command));
  }

  void move() {
    const std::uint64_t dice = cluster_.rng().below(100);
    const std::size_t node = cluster_.rng().below(3);
    if (dice < 50) {
      cluster_.deliver_one();
    } else if (dice < 95) {
      if (cluster_.run_batch(node) && node == target_) maybe_crash();
    } else {
      cluster_.pass(std::chrono::milliseconds(1 + cluster_.rng().below(40)));
    }
  }

  // The receiving peer's power goes, now or between its next commit and what that would have said;
  // sometimes the power of the whole rack.
  void maybe_crash() {
    if (cluster_.rng().below(3) != 0) return;
    ++crashes_;
    const std::uint64_t dice = cluster_.rng().below(10);
    for (std::size_t i = 0; i < 3; ++i) {
      if (cluster_.running(i) && (i == target_ || dice == 0)) {
        dice < 4 ? cluster_.crash(i) : cluster_.crash_before_effects(i);
      }
    }
    target_ = cluster_.rng().below(3);
  }

  ReplicaCluster cluster_;
  std::vector<Client> clients_{kClients};
  std::set<std::string> acknowledged_;
  int next_ = 0;
  int crashes_ = 0;
  std::size_t target_ = 0;
};

class DriverDurability : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(All, DriverDurability,
                         testing::Values(Kind::kStoreAlone, Kind::kWriteBehind));

TEST_P(DriverDurability, EveryAcknowledgedCommandOutlivesCrashesOnEveryPeerAndIsThereOnce) {
  Scenario scenario(1, GetParam(), {});
  ASSERT_TRUE(scenario.run());
  EXPECT_GE(scenario.crashes(), kCrashesMin);
  EXPECT_THAT(scenario.complaints(), IsEmpty());
}

// The same without the fsync: the checker must see it.
TEST_P(DriverDurability, AStoreThatLosesItsSyncsIsFoundOut) {
  Scenario scenario(1, GetParam(), {.lose_syncs = true, .late_commits = false});
  ASSERT_TRUE(scenario.run());
  EXPECT_THAT(scenario.complaints(), Contains(HasSubstr("lost")));
}

// The same with effects that leave before their commit: the checker must see it.
TEST_P(DriverDurability, EffectsThatLeaveBeforeTheirCommitAreFoundOut) {
  Scenario scenario(1, GetParam(), {.lose_syncs = false, .late_commits = true});
  ASSERT_TRUE(scenario.run());
  EXPECT_THAT(scenario.complaints(), Contains(HasSubstr("lost")));
}

}  // namespace

// What operators do to a cluster while people work through the balancer: a peer joins, one is
// drained and removed and comes back as another, one dies for good and is replaced, one is restored
// from a backup, all are restarted in turn. Nobody's command fails, nothing acknowledged is lost,
// and at the end every peer shows every change once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/text_file.h"
#include "tests/cluster/balancer.h"
#include "tests/cluster/fault_run.h"
#include "tests/cluster/people.h"
#include "tests/cluster/roster_cluster.h"

namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using tests::Balancer;
using tests::History;
using tests::People;
using tests::Ran;
using tests::RosterCluster;
using tests::TypedCommand;

constexpr int kPlaces = 5;      // What the balancer knows: addresses, whoever listens there.
constexpr int kCommands = 100;  // Between two steps: a second of four people.

// The number of a peer is that of its letter, which no other peer gets.
int number_of(char letter) { return 1 + letter - 'a'; }

struct Operate : testing::Test {
  void SetUp() override {
    if (!Balancer::missing().empty()) GTEST_SKIP() << "left out: " << Balancer::missing();
    prepare("a");
    ASSERT_TRUE(cluster_.serve("a"));
    for (const char* name : {"b", "c", "d"}) join(name);
    std::vector<std::uint16_t> ports;
    for (const char* name : {"a", "b", "c", "d", "e"}) ports.push_back(cluster_.slack_port(name));
    auto balancer = Balancer::start(ports, kPlaces - 1, folder_.path());
    ASSERT_TRUE(balancer) << balancer.error().message;
    balancer_ = std::move(*balancer);
    people_.emplace(doors(), history_, tests::cluster_seed());
    people_->go_on_for(kCommands);
  }

  // An answer means here that every peer has the change, however busy the machine is: so a peer
  // may die for good. And nobody waits for a drain to be over: a second signal ends it.
  void prepare(const std::string& name) {
    cluster_.configure(name, "/reply_hold_ms", 2000);
    cluster_.configure(name, "/drain_ms", 600'000);
  }

  void join(const std::string& name) {
    const Ran joined = cluster_.join(name, cluster_.invite());
    ASSERT_EQ(joined.code, 0) << joined.output;
    prepare(name);
    ASSERT_TRUE(cluster_.serve(name));
  }

  tests::Doors doors() {
    const auto peer = [this](int, const node::HttpAnswer& answer) -> int {
      const int place = Balancer::peer_named(answer.header("x-muster-peer"));
      return place == 0 ? 0 : at_place_[static_cast<std::size_t>(place - 1)].load();
    };
    return {.count = 1,
            .signing_secret = RosterCluster::kSigningSecret,
            .port = [this](int) { return balancer_->port(); },
            .peer = peer};
  }

  // While people go on.
  void wait_until_served_by(int place) {
    ASSERT_TRUE(balancer_->wait_until(place, true)) << "place " << place;
    people_->go_on_for(kCommands);
  }

  // A new node at the address of one that is gone: what it answers counts as another peer's.
  void come_in_place_of(const std::string& old, const std::string& name, int place, char letter) {
    at_place_[static_cast<std::size_t>(place - 1)] = number_of(letter);
    cluster_.take_over(name, old);
    history_.note(name + " comes in place of " + old);
    ASSERT_NO_FATAL_FAILURE(join(name));
    ASSERT_NO_FATAL_FAILURE(wait_until_served_by(place));
  }

  // The last of them, until they agree to it.
  void remove(const std::string& name) {
    Ran removed;
    EXPECT_TRUE(RosterCluster::eventually([&] {
      removed = cluster_.operate({"peers", "remove", name});
      return removed.code == 0;
    })) << removed.output;
  }

  void drain_and_remove_b() {
    history_.note("b is drained and removed");
    const Ran drained = cluster_.operate({"peers", "drain", "b"});
    EXPECT_EQ(drained.code, 0) << drained.output;
    ASSERT_TRUE(balancer_->wait_until(2, false));
    remove("b");
    people_->go_on_for(kCommands);
    cluster_.kill("b");
  }

  void lose_c() {
    history_.note("c dies for good");
    cluster_.kill("c");
    ASSERT_TRUE(balancer_->wait_until(3, false));
    people_->go_on_for(kCommands);
    ASSERT_TRUE(RosterCluster::eventually([&] { return cluster_.linked("a") == 3; }));
    const Ran removed = cluster_.operate({"peers", "remove", "c", "--force"});
    EXPECT_EQ(removed.code, 0) << removed.output;
    fs::remove_all(cluster_.dir("c"));
  }

  void restore_d() {
    const std::string config = cluster_.dir("d") + "/config.json";
    const std::string file = (folder_.path() / "backup").string();
    const Ran made = cluster_.muster({"backup", "--config", config, "--to", file});
    ASSERT_EQ(made.code, 0) << made.output;
    people_->go_on_for(kCommands);
    history_.note("d loses its disk");
    ASSERT_NO_FATAL_FAILURE(stop("d", 4));
    fs::remove_all(cluster_.dir("d") + "/store");
    const Ran restored = cluster_.muster({"restore", file, "--config", config});
    ASSERT_EQ(restored.code, 0) << restored.output;
    history_.note("d is restored");
    ASSERT_TRUE(cluster_.serve("d"));
    ASSERT_NO_FATAL_FAILURE(wait_until_served_by(4));
  }

  void stop(const std::string& name, int place) {
    cluster_.signal(name, SIGTERM);
    ASSERT_TRUE(balancer_->wait_until(place, false)) << "a draining peer looks ready";
    EXPECT_TRUE(cluster_.stop(name));
  }

  void restart_each(const std::vector<std::string>& names) {
    int place = 0;
    for (const std::string& name : names) {
      history_.note(name + " is restarted");
      ASSERT_NO_FATAL_FAILURE(stop(name, ++place));
      ASSERT_TRUE(cluster_.serve(name));
      ASSERT_TRUE(balancer_->wait_until_all_up());
    }
    people_->go_on_for(kCommands);
  }

  // Every command that was not acknowledged, and how many took their author more than one try.
  std::vector<std::string> failed() {
    std::vector<std::string> failed;
    std::size_t repeated = 0;
    for (const TypedCommand& command : history_.commands()) {
      if (command.attempts.size() > 1 && !command.attempts.front().acknowledged) ++repeated;
      if (command.acknowledged()) continue;
      failed.push_back(command.text + ": " + command.attempts.back().answer);
    }
    std::printf(
        "%zu commands, %zu failed, %zu repeated by their author, %ld given to another peer\n",
        history_.commands().size(), failed.size(), repeated, balancer_->redispatched());
    EXPECT_LE(repeated * 100, history_.commands().size()) << "HAProxy should have tried another";
    return failed;
  }

  tests::FinalLists lists(const std::vector<std::string>& names, const std::string& letters) {
    tests::FinalLists lists;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const std::string& room : people_->rooms()) {
        const auto list =
            tests::list_of(cluster_.slack_port(names[i]), RosterCluster::kSigningSecret, room);
        EXPECT_TRUE(list) << names[i] << ": " << list.error().message;
        if (list) lists[number_of(letters[i])][room] = *list;
      }
    }
    return lists;
  }

  tests::TemporaryFolder folder_;
  RosterCluster cluster_;
  std::unique_ptr<Balancer> balancer_;
  std::array<std::atomic<int>, kPlaces> at_place_{1, 2, 3, 4, 5};
  History history_;
  std::optional<People> people_;  // Last: they use all of the above.
};

TEST_F(Operate, NothingIsLostAndNobodyFailsWhilePeersJoinLeaveDieAreRestoredAndRestarted) {
  history_.note("e joins");
  ASSERT_NO_FATAL_FAILURE(join("e"));
  ASSERT_NO_FATAL_FAILURE(wait_until_served_by(5));
  ASSERT_NO_FATAL_FAILURE(drain_and_remove_b());
  ASSERT_NO_FATAL_FAILURE(come_in_place_of("b", "b-again", 2, 'f'));
  ASSERT_NO_FATAL_FAILURE(lose_c());
  ASSERT_NO_FATAL_FAILURE(come_in_place_of("c", "c-again", 3, 'g'));
  ASSERT_NO_FATAL_FAILURE(restore_d());
  const std::vector<std::string> names = {"a", "b-again", "c-again", "d", "e"};
  ASSERT_NO_FATAL_FAILURE(restart_each(names));
  people_->finish();

  EXPECT_THAT(failed(), IsEmpty());
  const auto settled = cluster_.settle(names);
  ASSERT_TRUE(settled) << settled.error().message;
  const auto broken = tests::broken_promises(history_.commands(), lists(names, "afgde"));
  EXPECT_THAT(broken, IsEmpty());
  if (!HasFailure()) return;
  const std::string file = folder_.keep() / "history";
  static_cast<void>(node::write_new_file(file, history_.text({})));
  std::printf("everything said and done: %s\n", file.c_str());
}

}  // namespace

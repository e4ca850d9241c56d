// Three peers that forget what is old: all of them, only that, and behind nobody's back.
#include "node/replica_retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "crdt/checksum.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"
#include "node/replica_records.h"
#include "tests/support/replica_cluster.h"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::ReplicaCluster;
using namespace std::chrono_literals;

constexpr auto kKeep = 10min;

ReplicaCluster::Options short_memory() {
  ReplicaCluster::Options options;
  options.retention = {kKeep, 1min, 10s};
  options.walk_after = 20s;
  options.compare_every = 1min;
  return options;
}

struct ReplicaRetention : testing::Test {
  ReplicaRetention() : cluster(3, 31, short_memory()) { EXPECT_TRUE(cluster.settle()); }

  // People look at the board, at every peer that runs: that is how peers know Slack's time.
  void pass(std::chrono::minutes time) {
    for (std::chrono::minutes passed{0}; passed < time; ++passed) {
      for (std::size_t node = 0; node < cluster.size(); ++node) {
        if (cluster.running(node)) cluster.type(node, "list");
      }
      cluster.pass(1min);
    }
  }

  json status(std::size_t node) {
    return json::parse(cluster.ask(node, ReplicaCluster::get("/status")).body);
  }

  // Rows of records, whether anybody can see them or not.
  std::size_t rows(std::size_t node) {
    std::size_t count = 0;
    for (const auto& [key, value] : cluster.store(node).contents()) {
      if (key >= crdt::keyspace::records() && key < crdt::keyspace::records_end()) ++count;
    }
    return count;
  }

  void expect_equal() {
    for (std::size_t node = 1; node < cluster.size(); ++node) {
      EXPECT_EQ(status(node)["state_hash"], status(0)["state_hash"]) << node;
      EXPECT_EQ(status(node)["records"], status(0)["records"]) << node;
    }
  }

  ReplicaCluster cluster;
};

TEST_F(ReplicaRetention, WhatIsOlderGoesFromEveryPeerAndTheTasksStay) {
  cluster.type(0, "add disk full");
  pass(8min);
  cluster.type(1, "add router down");
  EXPECT_EQ(rows(2), 4u);
  pass(5min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(rows(node), 2u) << "a timeline record and an answer, of the second task";
    EXPECT_EQ(status(node)["records"], 2);
    EXPECT_EQ(status(node)["counters"]["records_purged"], 2);
    EXPECT_FALSE(status(node)["retention"].contains("waits_for"));
    EXPECT_EQ(status(node)["counters"]["compared_differed"], 0) << "nobody tells of it again";
    EXPECT_THAT(cluster.type(node, "list"), HasSubstr("disk full"));
  }
  expect_equal();
}

TEST_F(ReplicaRetention, WhileAPeerIsAwayNothingGoesAndTheOthersSayWhom) {
  cluster.type(0, "add disk full");
  pass(1min);
  cluster.crash(2);
  pass(15min);
  EXPECT_EQ(rows(0), 2u);
  EXPECT_THAT(status(0)["retention"]["waits_for"], ElementsAre("c"));
  EXPECT_THAT(status(1)["retention"]["waits_for"], ElementsAre("c"));
  cluster.start(2);
  pass(4min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(rows(node), 0u);
    EXPECT_FALSE(status(node)["retention"].contains("waits_for"));
  }
  expect_equal();
}

// What one peer alone holds is not forgotten before the others had it, however old it is.
TEST_F(ReplicaRetention, WhatAPeerBringsBackIsWithEverybodyBeforeItGoes) {
  for (const std::size_t other : {0, 1}) cluster.cut(2, other);
  cluster.type(2, "add typed alone");
  pass(15min);
  EXPECT_EQ(rows(0), 0u);
  EXPECT_EQ(rows(2), 2u);
  cluster.heal();
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(rows(0), 2u);
  pass(4min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(rows(node), 0u);
    EXPECT_THAT(cluster.type(node, "list"), HasSubstr("typed alone"));
  }
}

TEST_F(ReplicaRetention, ClocksThatAreYearsAheadMakeNothingYoungGo) {
  cluster.type(0, "add disk full");
  for (std::size_t node = 0; node < 3; ++node) cluster.set_ahead(node, 24h * 3650);
  pass(6min);
  EXPECT_EQ(rows(0), 2u);
  EXPECT_EQ(rows(2), 2u);
}

TEST_F(ReplicaRetention, WithoutARequestOfSlacksNobodyKnowsTheTimeAndNothingGoes) {
  cluster.type(0, "add disk full");
  cluster.pass(30min);
  EXPECT_EQ(rows(0), 2u);
  pass(3min);
  EXPECT_EQ(rows(0), 0u);
}

TEST_F(ReplicaRetention, WhereRecordsAreDueAndNobodySaysTheTimeStatusSaysSo) {
  cluster.type(0, "add disk full");
  cluster.pass(11min);
  EXPECT_FALSE(status(0)["retention"].contains("waits_for_slack")) << "it is only just due";
  cluster.pass(5min);
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(status(node)["retention"]["waits_for_slack"], true) << node;
  }
  pass(3min);
  EXPECT_EQ(rows(0), 0u);
  EXPECT_FALSE(status(0)["retention"].contains("waits_for_slack"));
}

// Whoever is on duty, the balancer may send it nothing: what the others changed tells the time.
TEST(ReplicaRetentionTime, RequestsThatComeToOnePeerAloneAreEnough) {
  for (std::size_t asked = 0; asked < 3; ++asked) {
    ReplicaCluster cluster(3, 31, short_memory());
    ASSERT_TRUE(cluster.settle());
    for (int minute = 0; minute < 16; ++minute) {
      cluster.type(asked, "add number " + std::to_string(minute));
      cluster.pass(1min);
    }
    for (std::size_t node = 0; node < 3; ++node) {
      const auto told =
          json::parse(cluster.ask(node, ReplicaCluster::get("/status")).body)["counters"];
      EXPECT_GT(told["records_purged"], 0) << "asked " << asked << ", looked at " << node;
    }
  }
}

// A clock that is years ahead and an operator who asks for it, or a peer that lies.
TEST_F(ReplicaRetention, AHorizonYoungerThanAnybodyMayAskForIsRefusedFromPushesAndScansAlike) {
  cluster.type(0, "add disk full");
  ASSERT_TRUE(cluster.settle());
  const auto forget_all_at = [&](std::size_t node, std::uint64_t number) {
    node::HttpRequest request = ReplicaCluster::get("/forget");
    request.method = "POST";
    const auto in_a_year = cluster.now().wall + 24h * 365;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(in_a_year.time_since_epoch());
    request.body = json{{"before", seconds.count() + static_cast<std::int64_t>(number)}}.dump();
    request.uuid = {number, 3};
    return cluster.ask(node, request).status;
  };
  cluster.set_ahead(2, 24h * 3650);
  cluster.pass(11min);  // Slack told it the time until then.
  ASSERT_EQ(forget_all_at(2, 1), 200);
  cluster.pass(3s);
  for (std::size_t node = 0; node < 2; ++node) {
    EXPECT_EQ(status(node)["records"], 2) << "the push";
    EXPECT_FALSE(status(node)["retention"].contains("since"));
    EXPECT_GT(status(node)["peers"][1]["lies"], 0);
    EXPECT_THAT(status(node)["roster_refused"].dump(), HasSubstr("c wanted records to be forgot"));
  }
  const auto before = status(0)["peers"][1]["lies"].get<int>();
  cluster.pass(1min);
  EXPECT_GT(status(0)["peers"][1]["lies"], before) << "the scans of later links";
  EXPECT_EQ(status(0)["records"], 2);
  cluster.type(0, "add router down");
  EXPECT_THAT(cluster.type(1, "list"), HasSubstr("router down")) << "the others go on";
}

TEST_F(ReplicaRetention, AFollowerThatRestartsBeforeItErasedAnythingHoldsNoneOfIt) {
  cluster.type(0, "add disk full");
  pass(9min);
  for (int second = 0; second < 400 && !status(2)["retention"].contains("since"); ++second) {
    if (second % 60 == 0) pass(0min);
    for (std::size_t node = 0; node < 3; ++node) {
      if (second % 60 == 0) cluster.type(node, "list");
    }
    cluster.pass(100ms);
  }
  cluster.crash(2);
  cluster.start(2);
  pass(3min);
  EXPECT_EQ(rows(2), 0u);
  expect_equal();
}

// Everything that goes wrong, by turns, while people type: whatever happens, no store loses what is
// young, nor what some other peer has not had; and in the end all that is old is gone everywhere.
class RetentionWorld {
 public:
  static constexpr std::size_t kNodes = 3;

  explicit RetentionWorld(std::uint64_t seed) : cluster_(kNodes, seed, short_memory()) {
    EXPECT_TRUE(cluster_.settle());
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      act();
      pass(std::chrono::seconds(5 + cluster_.rng().below(90)));
    }
    cluster_.heal();
    for (std::size_t node = 0; node < kNodes; ++node) {
      cluster_.set_ahead(node, 0s);
      if (!cluster_.running(node)) cluster_.start(node);
    }
    EXPECT_TRUE(cluster_.settle());
    pass(kKeep + 5min);
    for (std::size_t node = 0; node < kNodes; ++node) {
      EXPECT_THAT(rows(node), testing::IsEmpty()) << node;
      const json status = json::parse(cluster_.ask(node, ReplicaCluster::get("/status")).body);
      EXPECT_EQ(status["records"], 0) << node;
    }
  }

  [[nodiscard]] std::size_t made() const { return made_; }

 private:
  void act() {
    const std::size_t node = cluster_.rng().below(kNodes);
    switch (cluster_.rng().below(7)) {
      case 0:
        return cluster_.cut(node, (node + 1) % kNodes);
      case 1:
        return cluster_.heal();
      case 2:
        if (cluster_.running(node)) cluster_.crash(node);
        return;
      case 3:
        if (!cluster_.running(node)) cluster_.start(node);
        return;
      case 4:
        return cluster_.set_ahead(node, std::chrono::hours(cluster_.rng().below(2) * 99'999));
      default:
        if (!cluster_.running(node)) return;
        cluster_.type(node, "add number " + std::to_string(++made_));
        return;
    }
  }

  void pass(std::chrono::seconds time) {
    for (std::chrono::seconds passed{0}; passed < time; passed += 5s) {
      for (std::size_t node = 0; node < kNodes; ++node) {
        if (typed_++ % 8 == 0 && cluster_.running(node)) cluster_.type(node, "list");
      }
      cluster_.pass(5s);
      for (std::size_t node = 0; node < kNodes; ++node) look(node);
    }
  }

  std::map<crdt::Bytes, crdt::WallTime> rows(std::size_t node) {
    std::map<crdt::Bytes, crdt::WallTime> found;
    for (const auto& [row, sealed] : cluster_.store(node).contents()) {
      if (row < crdt::keyspace::records() || row >= crdt::keyspace::records_end()) continue;
      const auto value = crdt::open_value(sealed);
      const auto key = crdt::keyspace::tail_of(row);
      const auto origin = value ? node::origin_of(key, *value) : std::nullopt;
      if (origin) found.emplace(key, origin->made);
    }
    return found;
  }

  void look(std::size_t node) {
    const auto found = rows(node);
    had_[node].insert(found.begin(), found.end());
    for (const auto& [key, made] : had_[node]) {
      if (found.contains(key)) continue;
      EXPECT_LT(made, cluster_.now().wall - kKeep) << "it was young";
      for (const auto& others : had_) EXPECT_TRUE(others.contains(key)) << "one never had it";
    }
  }

  ReplicaCluster cluster_;
  std::array<std::map<crdt::Bytes, crdt::WallTime>, kNodes> had_;
  std::size_t made_ = 0;
  std::size_t typed_ = 0;
};

TEST(RetentionLaw, NothingYoungGoesNothingGoesUnseenAndTheRestGoesInTheEnd) {
  std::size_t made = 0;
  for (std::uint64_t seed = 1; seed <= 12 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RetentionWorld world(seed);
    world.run(40);
    made += world.made();
  }
  EXPECT_GT(made, 50u) << "else little was tried";
}

TEST(ReplicaRetentionText, ADateIsADayOfTheCalendar) {
  EXPECT_EQ(node::date_text(crdt::WallTime(1'790'000'000s)), "2026-09-21");
  EXPECT_EQ(node::date_text(crdt::WallTime()), "1970-01-01");
}

}  // namespace

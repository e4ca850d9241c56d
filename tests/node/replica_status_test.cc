#include "node/replica_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace {

using node::Status;
using testing::HasSubstr;
using testing::Not;

Status example() {
  Status status;
  status.name = "west";
  status.run = {0xabc};
  status.complete = true;
  status.log_head = 7;
  status.digest = {2, 3, 0xff};
  status.conflicts = 1;
  status.peers = {{"east", "east:1", "linked", 5, 6, 2}, {"north", "north:1", "down", 0, 0, 0}};
  status.counters = {{"changes", 4}};
  return status;
}

TEST(ReplicaStatus, JsonSaysAllThatThereIs) {
  const auto json = nlohmann::json::parse(to_json(example()));
  EXPECT_EQ(json["name"], "west");
  EXPECT_EQ(json["run"], "0000000000000abc");
  EXPECT_EQ(json["log_head"], 7);
  EXPECT_EQ(json["documents"], 2);
  EXPECT_EQ(json["records"], 3);
  EXPECT_EQ(json["state_hash"], "00000000000000ff");
  EXPECT_EQ(json["read_only"], false);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["conflicts"], 1);
  ASSERT_EQ(json["peers"].size(), 2u);
  EXPECT_EQ(json["peers"][0]["state"], "linked");
  EXPECT_EQ(json["peers"][0]["their_cursor"], 5);
  EXPECT_EQ(json["peers"][0]["our_cursor"], 6);
  EXPECT_EQ(json["peers"][0]["lag"], 2);
  EXPECT_EQ(json["counters"]["changes"], 4);
}

TEST(ReplicaStatus, WhatIsKeptIsSaidAsDatesAndWhoHoldsItUpByName) {
  using std::chrono::hours;
  Status status = example();
  status.retention.keep = hours(24 * 365);
  EXPECT_EQ(nlohmann::json::parse(to_json(status))["retention"].dump(), "{\"days\":365}");
  status.retention.before = crdt::WallTime(hours(24 * 20'000));
  status.retention.oldest = crdt::WallTime(hours(24 * 20'001));
  status.retention.documents = 2;
  status.retention.waits_for = {"north"};
  const auto json = nlohmann::json::parse(to_json(status))["retention"];
  EXPECT_EQ(json["since"], "2024-10-04");
  EXPECT_EQ(json["oldest"], "2024-10-05");
  EXPECT_EQ(json["forgotten"], 2);
  EXPECT_EQ(json["waits_for"], nlohmann::json::array({"north"}));
  const std::string metrics = to_prometheus(status);
  EXPECT_THAT(metrics, HasSubstr("muster_records_since_seconds 1728000000\n"));
  EXPECT_THAT(metrics, HasSubstr("muster_oldest_record_seconds 1728086400\n"));
  EXPECT_THAT(metrics, HasSubstr("muster_retention_waits_for_peers 1\n"));
}

TEST(ReplicaStatus, WhatWasNotCountedIsLeftOut) {
  Status status = example();
  status.conflicts.reset();
  EXPECT_FALSE(nlohmann::json::parse(to_json(status)).contains("conflicts"));
  EXPECT_THAT(to_prometheus(status), Not(HasSubstr("conflicts")));
}

TEST(ReplicaStatus, MetricsAgreeWithTheJson) {
  const std::string text = to_prometheus(example());
  EXPECT_THAT(text, HasSubstr("muster_log_head 7\n"));
  EXPECT_THAT(text, HasSubstr("muster_complete 1\n"));
  EXPECT_THAT(text, HasSubstr("muster_conflicts 1\n"));
  EXPECT_THAT(text, HasSubstr("muster_peer_linked{peer=\"east\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("muster_peer_linked{peer=\"north\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("muster_peer_lag_rows{peer=\"east\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("muster_changes_total 4\n"));
}

TEST(ReplicaStatus, EveryMetricHasItsTypeOnceAndBeginsWithMuster) {
  std::istringstream lines(to_prometheus(example()));
  std::set<std::string> typed;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(typed.insert(name).second) << line;
      EXPECT_TRUE(name.starts_with("muster_")) << line;
    } else {
      EXPECT_TRUE(typed.contains(line.substr(0, line.find_first_of("{ ")))) << line;
    }
  }
  EXPECT_GE(typed.size(), 9u);
}

}  // namespace

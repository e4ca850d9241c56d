// The program itself, as Maelstrom would run it: processes, pipes and real time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/simulation/maelstrom/real_cluster.h"

namespace {

using nlohmann::json;
using testing::UnorderedElementsAre;
using tests::maelstrom::RealCluster;

TEST(MusterMaelstrom, EchoesAndEndsWithItsInput) {
  RealCluster cluster(MUSTER_MAELSTROM_BINARY, 1);
  EXPECT_EQ(cluster.ask(0, {{"type", "echo"}, {"echo", "Please echo 35"}})["echo"],
            "Please echo 35");
  EXPECT_EQ(cluster.finish(0), 0);
}

TEST(MusterMaelstrom, DrawsIdsThatNoOtherProcessDraws) {
  RealCluster cluster(MUSTER_MAELSTROM_BINARY, 3);
  std::vector<std::pair<std::size_t, json>> requests;
  for (std::size_t i = 0; i < 300; ++i) requests.emplace_back(i % 3, json{{"type", "generate"}});
  std::set<json> ids;
  for (const json& answer : cluster.ask_all(requests)) ids.insert(answer["id"]);
  EXPECT_EQ(ids.size(), requests.size());
}

TEST(MusterMaelstrom, BroadcastsToEveryProcess) {
  RealCluster cluster(MUSTER_MAELSTROM_BINARY, 3);
  std::vector<std::pair<std::size_t, json>> requests;
  for (std::size_t i = 0; i < 3; ++i) {
    requests.emplace_back(i, json{{"type", "topology"}, {"topology", json::object()}});
    requests.emplace_back(i, json{{"type", "broadcast"}, {"message", i}});
  }
  for (const json& answer : cluster.ask_all(requests)) EXPECT_NE(answer.value("type", ""), "error");
  for (std::size_t i = 0; i < 3; ++i) {
    // Reading carries the messages that are still on their way.
    std::set<json> read;
    for (int tries = 0; tries < 10'000 && read.size() < 3; ++tries) {
      const json answer = cluster.ask(i, {{"type", "read"}});
      read = answer.value("messages", std::set<json>());
    }
    EXPECT_THAT(read, UnorderedElementsAre(0, 1, 2)) << cluster.name(i);
  }
}

}  // namespace

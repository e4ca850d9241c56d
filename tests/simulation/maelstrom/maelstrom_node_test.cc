#include "simulation/maelstrom/maelstrom_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "node/memory_store.h"
#include "tests/support/seed.h"

namespace {

using simulation::maelstrom::Json;
using simulation::maelstrom::MaelstromNode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

std::string request(const std::string& dest, Json body, std::uint64_t id = 1) {
  body["msg_id"] = id;
  return Json{{"src", "c1"}, {"dest", dest}, {"body", std::move(body)}}.dump();
}

Json init(const std::string& self, const std::vector<std::string>& all) {
  return {{"type", "init"}, {"node_id", self}, {"node_ids", all}};
}

std::vector<Json> parsed(const std::vector<std::string>& lines) {
  std::vector<Json> all;
  for (const std::string& line : lines) all.push_back(Json::parse(line));
  return all;
}

// A node that is alone in its cluster and initialised.
class LoneNode {
 public:
  explicit LoneNode(const std::string& workload = "") : node_(store_, tests::seed_of(1), workload) {
    EXPECT_EQ(ask(init("n3", {"n3"}))["type"], "init_ok");
  }

  // The body of the one answer.
  Json ask(const Json& body) {
    const auto out = parsed(node_.step(now_, std::vector{request("n3", body, ++id_)}));
    EXPECT_THAT(out, SizeIs(1));
    if (out.empty()) return {};
    EXPECT_EQ(out[0]["src"], "n3");
    EXPECT_EQ(out[0]["dest"], "c1");
    EXPECT_EQ(out[0]["body"]["in_reply_to"], id_);
    return out[0]["body"];
  }
  int code_of(const Json& body) { return ask(body).value("code", -1); }
  MaelstromNode& node() { return node_; }

 private:
  node::MemoryStore store_;
  MaelstromNode node_;
  crdt::Instant now_{1h};
  std::uint64_t id_ = 0;
};

TEST(MaelstromNode, EchoesAnything) {
  LoneNode node;
  const Json anything = {{"deep", {1, nullptr, "x"}}};
  EXPECT_EQ(node.ask({{"type", "echo"}, {"echo", anything}})["echo"], anything);
}

TEST(MaelstromNode, KeepsWhatIsBroadcast) {
  LoneNode node;
  EXPECT_EQ(node.ask({{"type", "topology"}, {"topology", Json::object()}})["type"], "topology_ok");
  EXPECT_EQ(node.ask({{"type", "read"}})["messages"], Json::array());
  EXPECT_EQ(node.ask({{"type", "broadcast"}, {"message", 7}})["type"], "broadcast_ok");
  EXPECT_EQ(node.ask({{"type", "read"}})["messages"], Json::array({7}));
}

TEST(MaelstromNode, KeepsASetOfAnyJson) {
  LoneNode node;
  node.ask({{"type", "add"}, {"element", "a/b%"}});
  node.ask({{"type", "add"}, {"element", -1}});
  node.ask({{"type", "add"}, {"element", -1}});
  const Json read = node.ask({{"type", "read"}})["value"];
  EXPECT_THAT(read, testing::UnorderedElementsAre(Json("a/b%"), Json(-1)));
}

TEST(MaelstromNode, CountsUpAndDown) {
  LoneNode node;
  node.ask({{"type", "add"}, {"delta", 5}});
  node.ask({{"type", "add"}, {"delta", -7}});
  EXPECT_EQ(node.ask({{"type", "read"}})["value"], -2);
}

TEST(MaelstromNode, AReadBeforeTheFirstWriteNeedsTheWorkload) {
  EXPECT_EQ(LoneNode().code_of({{"type", "read"}}), 11);
  EXPECT_EQ(LoneNode("g-set").ask({{"type", "read"}})["value"], Json::array());
  EXPECT_EQ(LoneNode("pn-counter").ask({{"type", "read"}})["value"], 0);
}

TEST(MaelstromNode, RefusesLinearizableKeysAndTransactions) {
  LoneNode node;
  const int kNotSupported = 10;
  EXPECT_EQ(node.code_of({{"type", "read"}, {"key", 1}}), kNotSupported);
  EXPECT_EQ(node.code_of({{"type", "write"}, {"key", 1}, {"value", 2}}), kNotSupported);
  EXPECT_EQ(node.code_of({{"type", "cas"}, {"key", 1}, {"from", 2}, {"to", 3}}), kNotSupported);
  EXPECT_EQ(node.code_of({{"type", "txn"}, {"txn", Json::array()}}), kNotSupported);
}

TEST(MaelstromNode, RefusesWhatMakesNoSenseAndChangesNothing) {
  LoneNode node("g-set");
  const int kMalformed = 12;
  EXPECT_EQ(node.code_of({{"type", "broadcast"}}), kMalformed);
  EXPECT_EQ(node.code_of({{"type", "add"}}), kMalformed);
  EXPECT_EQ(node.code_of({{"type", "add"}, {"delta", 0.5}}), kMalformed);
  EXPECT_EQ(node.code_of({{"type", "add"}, {"element", std::string(200, 'x')}}), 10);
  EXPECT_EQ(node.code_of(init("n3", {"n3"})), kMalformed);
  EXPECT_EQ(node.ask({{"type", "read"}})["value"], Json::array());
}

TEST(MaelstromNode, TheLongestElementIsKept) {
  LoneNode node;
  const std::string longest(simulation::maelstrom::Service::kElementBytesMax - 2, '/');
  EXPECT_EQ(node.ask({{"type", "add"}, {"element", longest}})["type"], "add_ok");
  EXPECT_EQ(node.ask({{"type", "read"}})["value"], Json::array({longest}));
}

TEST(MaelstromNode, ALineThatIsNoMessageIsNotedAndPassedOver) {
  LoneNode node;
  for (const std::string line : {"", "{", "[1]", R"({"src":"c1"})", R"({"src":"c1","dest":"n3"})",
                                 R"({"src":"c1","dest":"n3","body":{}})"}) {
    EXPECT_THAT(node.node().step(crdt::Instant(1h), std::vector{line}), IsEmpty());
    EXPECT_THAT(node.node().take_notices(), SizeIs(1)) << line;
  }
}

TEST(MaelstromNode, IdsDifferBetweenCallsAndBetweenStarts) {
  LoneNode node;
  const Json first = node.ask({{"type", "generate"}})["id"];
  EXPECT_NE(node.ask({{"type", "generate"}})["id"], first);
  node::MemoryStore store;
  MaelstromNode again(store, tests::seed_of(2));
  (void)again.step(crdt::Instant(1h), std::vector{request("n3", init("n3", {"n3"}))});
  const auto out =
      parsed(again.step(crdt::Instant(1h), std::vector{request("n3", Json{{"type", "generate"}})}));
  EXPECT_NE(out.at(0)["body"]["id"], first);
}

TEST(MaelstromNode, ServesNobodyBeforeInitAndNoMoreNodesThanGossipTakes) {
  node::MemoryStore store;
  MaelstromNode node(store, tests::seed_of(1));
  auto out = parsed(node.step({}, std::vector{request("n0", Json{{"type", "generate"}})}));
  EXPECT_EQ(out.at(0)["body"]["code"], 11);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < gossip::Config::kPeersMax + 2; ++i) {
    names.push_back("n" + std::to_string(i));
  }
  out = parsed(node.step({}, std::vector{request("n0", init("n0", names))}));
  EXPECT_EQ(out.at(0)["body"]["code"], 10);
  names.pop_back();
  EXPECT_THAT(node.step({}, std::vector{request("n0", init("n0", names))}), IsEmpty());
}

// --- two nodes, whatever they are called ---

class TwoNodes : public testing::Test {
 protected:
  void start() {
    const std::vector<std::string> all = {"zebra", "n17"};
    for (auto& [name, node] : nodes) feed(name, {request(name, init(name, all))});
  }
  // Puts the answers to clients into `answers`; messages for nodes are on their way.
  void feed(const std::string& name, const std::vector<std::string>& lines) {
    for (const std::string& line : nodes.at(name).step(now, lines)) {
      const Json message = Json::parse(line);
      (message["dest"] == "c1" ? answers : sent).push_back(message);
    }
  }
  void deliver_all() {
    while (!sent.empty()) {
      for (const Json& message : std::exchange(sent, {})) feed(message["dest"], {message.dump()});
    }
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    for (auto& [name, node] : nodes) feed(name, {});
  }

  crdt::Instant now{1h};
  std::map<std::string, node::MemoryStore> stores;
  std::map<std::string, MaelstromNode> nodes = [this] {
    std::map<std::string, MaelstromNode> both;
    both.try_emplace("zebra", stores["zebra"], tests::seed_of(1));
    both.try_emplace("n17", stores["n17"], tests::seed_of(2));
    return both;
  }();
  std::vector<Json> answers;
  std::vector<Json> sent;
};

TEST_F(TwoNodes, AreInitialisedOnceTheyAreLinkedAndSayNothingBefore) {
  start();
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_EQ(nodes.at("n17").wake_at(), now + MaelstromNode::kDialAfter);
  pass(MaelstromNode::kDialAfter);
  EXPECT_THAT(sent, SizeIs(1)) << "one of them dials";
  EXPECT_THAT(answers, IsEmpty());
  deliver_all();
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[0]["body"]["type"], "init_ok");
}

TEST_F(TwoNodes, AreInitialisedAfterAWhileIfTheyCannotReachEachOther) {
  start();
  pass(MaelstromNode::kInitMax - 1ms);
  EXPECT_THAT(answers, IsEmpty());
  pass(1ms);
  EXPECT_THAT(answers, SizeIs(2));
}

TEST_F(TwoNodes, OneStepSendsOneMessageToANodeHoweverMuchItHas) {
  start();
  pass(MaelstromNode::kDialAfter);
  deliver_all();
  feed("zebra", {request("zebra", {{"type", "add"}, {"element", 1}}),
                 request("zebra", {{"type", "add"}, {"element", 2}})});
  EXPECT_THAT(sent, SizeIs(1));
  deliver_all();
  answers.clear();
  feed("n17", {request("n17", {{"type", "read"}})});
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0]["body"]["value"], Json::array({1, 2}));
}

TEST_F(TwoNodes, WhatWasInALostMessageComesAfterTheReset) {
  start();
  pass(MaelstromNode::kDialAfter);
  deliver_all();
  feed("zebra", {request("zebra", {{"type", "add"}, {"element", 1}})});
  sent.clear();  // Lost.
  feed("zebra", {request("zebra", {{"type", "add"}, {"element", 2}})});
  deliver_all();
  for (int i = 0; i < 30; ++i) {
    pass(100ms);
    deliver_all();
  }
  answers.clear();
  feed("n17", {request("n17", {{"type", "read"}})});
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0]["body"]["value"], Json::array({1, 2}));
  EXPECT_THAT(nodes.at("n17").take_notices(), testing::Contains(HasSubstr("a message was lost")));
}

}  // namespace

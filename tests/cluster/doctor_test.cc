// `muster doctor` on broken set-ups, with real processes: what it finds, in which words.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "crdt/rng.h"
#include "gossip/noise_keys.h"
#include "node/cli/loopback_port.h"
#include "node/cli/slack_request.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/http_client.h"
#include "tests/support/process.h"

namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using tests::Process;
namespace fs = std::filesystem;

constexpr const char* kSecret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr std::chrono::seconds kAnswerWithin{60};

struct Peer {
  std::string name;
  fs::path dir;
  gossip::PublicKey key;
  std::uint16_t slack = 0, admin = 0, peers = 0;

  [[nodiscard]] std::string config() const { return (dir / "config.json").string(); }
  [[nodiscard]] std::string store() const { return (dir / "store").string(); }
};

struct Diagnosis {
  int code = 0;
  std::string text;
  json found;

  // The sentences of the finding with this name; empty where there is none.
  [[nodiscard]] std::string words(const std::string& name) const {
    for (const json& finding : found.value("findings", json::array())) {
      if (finding["name"] == name)
        return finding["what"].get<std::string>() + ". Do: " + finding["todo"].get<std::string>();
    }
    return {};
  }
};

class Doctor : public testing::Test {
 protected:
  Peer make(const std::string& name, const std::string& cluster = "demo") {
    Peer peer;
    peer.name = name;
    peer.dir = folder_.path() / name;
    fs::create_directories(peer.dir);
    const gossip::PrivateKey identity = gossip::draw_private_key(rng_);
    peer.key = gossip::public_key_of(identity);
    write(peer.dir / "identity.key", gossip::exposed_hex(identity) + "\n");
    write(peer.dir / "signing-secret", std::string(kSecret) + "\n");
    const auto ports = node::cli::free_loopback_ports(3);
    EXPECT_TRUE(ports);
    peer.slack = (*ports)[0];
    peer.admin = (*ports)[1];
    peer.peers = (*ports)[2];
    const json config = {
        {"name", name},
        {"letter", name.substr(0, 1)},
        {"data_dir", "store"},
        {"identity_file", "identity.key"},
        {"drain_ms", 0},
        {"slack", {{"listen", at(peer.slack)}, {"signing_secret_file", "signing-secret"}}},
        {"admin", {{"listen", at(peer.admin)}}},
        {"peers", {{"listen", at(peer.peers)}, {"cluster", cluster}, {"list", json::array()}}},
        {"store", {{"disk_reserve_bytes", 0}}},
        {"limits", {{"connections", 64}}}};
    write(peer.config(), config.dump(2));
    return peer;
  }

  static std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
  }

  static void edit(const Peer& peer, const char* pointer, const json& value) {
    std::ifstream in(peer.config());
    json config = json::parse(in);
    config[json::json_pointer(pointer)] = value;
    write(peer.config(), config.dump(2));
  }

  // `peer` lists `other`, which need not know.
  static void list(const Peer& peer, const Peer& other) {
    edit(peer, "/peers/list/-",
         {{"name", other.name}, {"address", at(other.peers)}, {"public_key", to_hex(other.key)}});
  }

  Process& start(const Peer& peer) {
    return start({MUSTER_BINARY, "serve", "--config", peer.config()});
  }
  Process& start(const std::vector<std::string>& command) {
    running_.push_back(std::make_unique<Process>(command));
    EXPECT_TRUE(running_.back()->read_until("ready slack=")) << running_.back()->output();
    return *running_.back();
  }

  static node::HttpAnswer say(const Peer& peer, const std::string& secret,
                              std::chrono::seconds ago) {
    node::cli::SlashCommand command;
    command.text = "list";
    command.trigger_id = node::cli::fresh_trigger_id();
    const auto now =
        std::chrono::floor<std::chrono::seconds>(node::read_clock().wall.time_since_epoch());
    node::HttpClient client("127.0.0.1", peer.slack, kAnswerWithin);
    const auto answer = client.call(node::cli::signed_call(command, secret, now - ago));
    EXPECT_TRUE(answer);
    return answer ? *answer : node::HttpAnswer{};
  }

  static Diagnosis examine(const Peer& peer) {
    Diagnosis diagnosis;
    Process as_text({MUSTER_BINARY, "doctor", "--config", peer.config()});
    diagnosis.code = as_text.finish();
    diagnosis.text = as_text.output();
    Process as_json({MUSTER_BINARY, "doctor", "--config", peer.config(), "--json"});
    EXPECT_EQ(as_json.finish(), diagnosis.code);
    diagnosis.found = json::parse(as_json.output(), nullptr, false);
    EXPECT_TRUE(diagnosis.found.is_object()) << as_json.output();
    EXPECT_EQ(diagnosis.found["healthy"], diagnosis.code == 0);
    std::cout << diagnosis.text << "\n";
    return diagnosis;
  }

  tests::TemporaryFolder folder_;
  crdt::Rng rng_{node::seed_from_system()};
  std::vector<std::unique_ptr<Process>> running_;
};

TEST_F(Doctor, OfALinkedPairFindsNothing) {
  const Peer a = make("a");
  const Peer b = make("b");
  list(a, b);
  list(b, a);
  start(a);
  Process& second = start(b);
  ASSERT_TRUE(second.read_until("linked with a")) << second.output();
  EXPECT_EQ(say(a, kSecret, std::chrono::seconds(0)).status, 200);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 0) << found.text;
  EXPECT_THAT(found.text, AllOf(HasSubstr("a: nothing is wrong"), HasSubstr("links with 1 peer")));
}

TEST_F(Doctor, FindsAKeyThatNoConfigurationHas) {
  const Peer a = make("a");
  edit(a, "/slack/lisen", "x");
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("bad-configuration"),
              AllOf(HasSubstr("slack.lisen"), HasSubstr("did you mean \"listen\"?")));
}

TEST_F(Doctor, FindsThatThePeerDoesNotRunAndHasNoStore) {
  const Diagnosis found = examine(make("a"));
  EXPECT_EQ(found.code, 1);
  EXPECT_EQ(found.found["running"], false);
  EXPECT_THAT(found.words("not-running"), HasSubstr("muster serve"));
  EXPECT_THAT(found.words("no-store"), HasSubstr("the first start makes one"));
}

TEST_F(Doctor, FindsSecretsThatEverybodyCanRead) {
  const Peer a = make("a");
  start(a);
  ::chmod((a.dir / "signing-secret").c_str(), 0644);
  ::chmod((a.dir / "store" / "operator.token").c_str(), 0644);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_EQ(found.found["findings"].size(), 2U);
  EXPECT_THAT(found.text, AllOf(HasSubstr("signing-secret"), HasSubstr("operator.token"),
                                HasSubstr("chmod 600")));
}

TEST_F(Doctor, FindsAStoreThatAnotherProcessHolds) {
  const Peer a = make("a");
  Process& peer = start(a);
  peer.signal(SIGTERM);
  ASSERT_EQ(peer.finish(), 0);
  const int lock = ::open((a.store() + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  const Diagnosis found = examine(a);
  ::close(lock);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("locked-store"), AllOf(HasSubstr("process "), HasSubstr("ps -p")));
}

TEST_F(Doctor, FindsAPortThatAnotherProgramHas) {
  const Peer a = make("a");
  const Peer b = make("b");
  start(a);
  edit(b, "/slack/listen", at(a.slack));
  const Diagnosis found = examine(b);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("port-taken"), AllOf(HasSubstr(at(a.slack)), HasSubstr("ss -ltnp")));
}

TEST_F(Doctor, FindsAWrongSigningSecret) {
  const Peer a = make("a");
  start(a);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(say(a, "the secret of another app", std::chrono::seconds(0)).status, 401);
  }
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("wrong-secret"),
              AllOf(HasSubstr("3 requests"), HasSubstr("Signing Secret"), HasSubstr("restart")));
}

TEST_F(Doctor, FindsASkewedClockAndTheLoadBalancerIsTold) {
  const Peer a = make("a");
  start(a);
  EXPECT_EQ(say(a, kSecret, std::chrono::seconds(100)).status, 200);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("skewed-clock"),
              AllOf(HasSubstr("10"), HasSubstr("s ahead of Slack's"), HasSubstr("set-ntp")));
  node::HttpClient client("127.0.0.1", a.slack, kAnswerWithin);
  const auto ready = client.call({"GET", "/readyz", {}, {}});
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 503);
  EXPECT_EQ(ready->body, "clock\n");
}

TEST_F(Doctor, FindsAPeerThatCannotBeReachedAndSaysWhatWasTried) {
  const Peer a = make("a");
  const Peer b = make("b");  // Not started.
  list(a, b);
  start(a);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("unreachable-peer"),
              AllOf(HasSubstr("b at " + at(b.peers)), HasSubstr("refused"), HasSubstr("firewall")));
}

TEST_F(Doctor, FindsAPeerOfAnotherCluster) {
  const Peer a = make("a");
  const Peer b = make("b", "staging");
  list(a, b);
  start(a);
  start(b);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("other-cluster"),
              AllOf(HasSubstr("cluster \"demo\""), HasSubstr("peers.cluster")));
}

TEST_F(Doctor, FindsAPeerWithAnotherKey) {
  const Peer a = make("a");
  Peer b = make("b");
  const gossip::PublicKey key = b.key;
  b.key.bytes.fill(7);  // As a's configuration still has it.
  list(a, b);
  start(a);
  start(b);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("other-key"), AllOf(HasSubstr(to_hex(key)), HasSubstr("public_key")));
}

TEST_F(Doctor, FindsAPeerThatDoesNotListThisOne) {
  const Peer a = make("a");
  const Peer b = make("b");
  list(a, b);
  start(a);
  start(b);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("refused-link"),
              AllOf(HasSubstr("proves its key"), HasSubstr("b lists this peer")));
}

TEST_F(Doctor, FindsADiskWithoutRoom) {
  const Peer a = make("a");
  Process& first = start(a);
  first.signal(SIGTERM);
  ASSERT_EQ(first.finish(), 0);
  edit(a, "/store/disk_reserve_bytes", std::uint64_t{1} << 44);
  start(a);
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("full-disk"), HasSubstr("store.disk_reserve_bytes (16.0 TiB)"));
  EXPECT_THAT(found.words("read-only"), HasSubstr("It goes on by itself"));
}

TEST_F(Doctor, FindsThatThereAreTooFewDescriptors) {
  const Peer a = make("a");
  edit(a, "/limits/connections", 4096);
  start({"/bin/sh", "-c", "ulimit -n 512; exec \"$0\" serve --config \"$1\"", MUSTER_BINARY,
         a.config()});
  const Diagnosis found = examine(a);
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.words("few-descriptors"),
              AllOf(HasSubstr("may open 512"), HasSubstr("LimitNOFILE")));
}

TEST_F(Doctor, WhatCannotBeLookedAtIsExitCode2) {
  const Peer a = make("a");
  Process no_file({MUSTER_BINARY, "doctor", "--config", a.config() + "x"});
  EXPECT_EQ(no_file.finish(), 2);
  EXPECT_THAT(no_file.output(), HasSubstr("cannot look"));
  start(a);
  write(a.dir / "guessed", "operator.guessed\n");
  Process no_token({MUSTER_BINARY, "doctor", "--config", a.config(), "--token-file",
                    (a.dir / "guessed").string()});
  EXPECT_EQ(no_token.finish(), 2);
  EXPECT_THAT(no_token.output(), HasSubstr("does not know this token"));
}

}  // namespace

// `muster admins` as operators type it, and what commands say when they cannot be tried.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "node/cli/demo_people.h"
#include "node/cli/loopback_port.h"
#include "tests/cluster/cluster.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::Cluster;
using tests::Process;

std::string run(std::vector<std::string> command, int expected = 0) {
  command.insert(command.begin(), MUSTER_BINARY);
  Process process(command);
  process.end_input();
  EXPECT_EQ(process.finish(), expected) << process.output();
  return process.output();
}

struct Admins : testing::Test {
  void SetUp() override { ASSERT_EQ(cluster.problem(), ""); }

  std::string config_of(int peer) {
    return (cluster.peers().folder_of(peer) / "config.json").string();
  }

  std::string admins(int peer, std::vector<std::string> command, int expected = 0) {
    command.insert(command.begin(), "admins");
    command.insert(command.end(), {"--config", config_of(peer)});
    return run(std::move(command), expected);
  }

  // A look at another peer, with nothing but its address and a token.
  std::string look(int peer, const std::string& token_file, int expected) {
    const auto port = static_cast<std::uint16_t>(cluster.peers().admin_port(peer));
    return run(
        {"status", "--address", node::cli::loopback_address(port), "--token-file", token_file},
        expected);
  }

  Cluster cluster;
};

TEST_F(Admins, ATokenOpensEveryPeerUntilItIsRevokedEverywhere) {
  const std::string file = (cluster.peers().folder_of(1) / "alice.token").string();
  EXPECT_THAT(admins(1, {"grant", "alice", "--to", file, "--wait", "all", "--timeout", "60s"}),
              HasSubstr("alice may"));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  for (int peer = 1; peer <= 3; ++peer) EXPECT_THAT(look(peer, file, 0), HasSubstr("linked"));
  const auto as_alice =
      run({"config", "set", "k", "v", "--address",
           node::cli::loopback_address(cluster.peers().admin_port(2)), "--token-file", file},
          1);
  EXPECT_THAT(as_alice, HasSubstr("\"alice\" may only read"));
  EXPECT_THAT(admins(2, {"list"}), HasSubstr("alice  reader  granted, granted by operator"));
  EXPECT_THAT(admins(3, {"revoke", "alice", "--wait", "all", "--timeout", "60s"}),
              AllOf(HasSubstr("alice is revoked, for ever"), HasSubstr("durable on")));
  for (int peer = 1; peer <= 3; ++peer) {
    EXPECT_THAT(look(peer, file, 1), HasSubstr("does not know this token"));
  }
  EXPECT_THAT(admins(1, {"grant", "alice"}, 1), HasSubstr("was revoked, for ever"));
  EXPECT_THAT(admins(2, {"list", "--json"}), HasSubstr("\"state\":\"revoked\""));
}

TEST_F(Admins, ARefusedGrantLeavesNoTokenAndAPrintedOneIsJsonForPrograms) {
  const std::string file = (cluster.peers().folder_of(1) / "bob.token").string();
  EXPECT_THAT(admins(1, {"grant", "bob", "--role", "root", "--to", file}, 1),
              HasSubstr("\"operator\""));
  EXPECT_FALSE(fs::exists(file));
  const json made = json::parse(admins(1, {"grant", "bob", "--role", "operator", "--json"}));
  EXPECT_EQ(made["name"], "bob");
  EXPECT_THAT(made["token"].get<std::string>(), testing::StartsWith("bob."));
  EXPECT_THAT(admins(1, {"grant", "carol", "--wait", "bogus"}, 2), HasSubstr("--wait takes"));
}

TEST_F(Admins, WhatCannotBeTriedIsExitCode2AndWaitingForNobodyNamesNobody) {
  const std::string missing = config_of(1) + ".missing";
  EXPECT_THAT(run({"status", "--config", missing}, 2), HasSubstr("missing"));
  const std::string channel = "T0MUSTER/C0NONE";
  EXPECT_THAT(
      run({"forget", "--channel", channel, "--yes", "--config", config_of(1), "--wait", "bogus"},
          2),
      HasSubstr("--wait takes"));
  cluster.send(1, tests::Said{.text = "add x", .channel = "room"});
  const std::string room = "T0MUSTER/" + node::cli::channel_id_of("room");
  EXPECT_THAT(run({"forget", "--channel", room, "--yes", "--config", config_of(1)}),
              AllOf(HasSubstr("forgotten: 1 task"), Not(HasSubstr("not known to be durable"))));
}

// Whoever corrects the line and tries again is not stopped by what the first try left.
TEST(Init, ThatIsRefusedLeavesNoKey) {
  tests::TemporaryFolder folder;
  const std::string keys = (folder.path() / "keys").string();
  const auto init = [&](const std::string& name, const std::string& operator_dir, int expected) {
    return run({"init", "--name", name, "--cluster", "demo", "--dir", (folder.path() / name),
                "--operator-dir", operator_dir},
               expected);
  };
  init("a", keys, 0);
  init("b", keys, 2);
  EXPECT_FALSE(fs::exists(folder.path() / "b" / "identity.key"));
  init("b", keys + "-of-b", 0);
}

}  // namespace

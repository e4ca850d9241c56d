#include "node/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "node/config_reader.h"
#include "node/entropy.h"
#include "tests/support/process.h"

namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

gossip::PrivateKey key_number(std::uint8_t number) {
  gossip::PrivateKey key;
  key.bytes.fill(number);
  return key;
}

std::string public_hex(std::uint8_t number) {
  return gossip::to_hex(gossip::public_key_of(key_number(number)));
}

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    write("identity.key", gossip::exposed_hex(key_number(1)) + "\n");
    write("secret", "shhh\n");
    config_ = {
        {"name", "a"},
        {"letter", "a"},
        {"data_dir", "store"},
        {"identity_file", "identity.key"},
        {"slack", {{"listen", "127.0.0.1:8080"}, {"signing_secret_file", "secret"}}},
        {"admin", {{"listen", "127.0.0.1:8081"}}},
        {"peers",
         {{"listen", "[::1]:7100"},
          {"cluster", "demo"},
          {"list", {{{"name", "b"}, {"address", "b:7100"}, {"public_key", public_hex(2)}}}}}}};
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0600);
  }

  crdt::Result<node::Config> load() {
    write("config.json", config_.dump());
    return node::load_config(path("config.json"));
  }

  std::string refusal() {
    const auto loaded = load();
    EXPECT_FALSE(loaded) << config_.dump(2);
    return loaded ? "" : loaded.error().message;
  }

  // With one value changed, given as a JSON pointer.
  std::string refusal_of(const char* where, const json& value) {
    const json before = config_;
    config_[json::json_pointer(where)] = value;
    std::string message = refusal();
    config_ = before;
    return message;
  }

  tests::TemporaryFolder folder_;
  json config_;
};

TEST_F(ConfigTest, FillsInWhatIsNotSaidAndFindsFilesBesideItself) {
  const auto config = load();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->replica.name, "a");
  EXPECT_EQ(config->replica.signing_secret, "shhh");
  EXPECT_EQ(config->replica.reply_hold_max, std::chrono::milliseconds(25));
  EXPECT_EQ(config->replica.retention.keep, std::chrono::hours(24 * 365));
  EXPECT_EQ(config->replica.gossip.cluster, "demo");
  EXPECT_EQ(config->replica.gossip.identity, key_number(1));
  ASSERT_EQ(config->replica.gossip.peers.size(), 1U);
  EXPECT_EQ(config->replica.gossip.peers[0].address, "b:7100");
  EXPECT_EQ(config->data_dir, path("store"));
  EXPECT_EQ(config->log.level, node::Level::kInfo);
  EXPECT_EQ(config->map_bytes, std::uint64_t{64} << 30);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(ConfigTest, TakesEverySetting) {
  config_["reply_hold_ms"] = 0;
  config_["drain_ms"] = 700;
  config_["retention_days"] = 30;
  config_["data_dir"] = "/var/lib/muster";
  config_["limits"] = {{"body_bytes", 4096}, {"connections", 7}};
  config_["log"] = {
      {"level", "debug"}, {"file", "log"}, {"rotate_bytes", 5000}, {"rotate_files", 2}};
  config_["store"] = {{"map_bytes", 1 << 20}, {"disk_reserve_bytes", 0}};
  const auto config = load();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->replica.reply_hold_max.count(), 0);
  EXPECT_EQ(config->drain.count(), 700);
  EXPECT_EQ(config->replica.retention.keep, std::chrono::hours(24 * 30));
  EXPECT_EQ(config->data_dir, "/var/lib/muster");
  EXPECT_EQ(config->body_bytes_max, 4096U);
  EXPECT_EQ(config->connections_max, 7U);
  EXPECT_EQ(config->log.level, node::Level::kDebug);
  EXPECT_EQ(config->log.file, path("log"));
  EXPECT_EQ(config->log.rotate_bytes, 5000U);
  EXPECT_EQ(config->log.rotate_files, 2U);
  EXPECT_EQ(config->map_bytes, 1U << 20);
  EXPECT_EQ(config->disk_reserve_bytes, 0U);
}

TEST_F(ConfigTest, RefusesARetentionThatForgetsWhatSomebodyMayStillAskFor) {
  for (const int days : {0, 1}) {
    EXPECT_THAT(refusal_of("/retention_days", days),
                HasSubstr("retention_days: " + std::to_string(days) + " is out of range: 2 to"));
  }
  EXPECT_THAT(refusal_of("/retention_days", 36'501), HasSubstr("out of range: 2 to 36500"));
  EXPECT_THAT(refusal_of("/retention_days", "a year"),
              HasSubstr("expected a whole number, 2 to 36500"));
}

TEST_F(ConfigTest, RefusesUnknownKeysAndGuessesWhatWasMeant) {
  EXPECT_THAT(refusal_of("/slack/lisen", "x"),
              AllOf(HasSubstr("slack.lisen: there is no such setting"),
                    HasSubstr("did you mean \"listen\"?")));
  EXPECT_THAT(refusal_of("/peers/list/0/publickey", "x"),
              AllOf(HasSubstr("peers.list[0].publickey"), HasSubstr("\"public_key\"")));
  EXPECT_THAT(refusal_of("/zzz", 1), AllOf(HasSubstr("zzz: there is no such setting"),
                                           HasSubstr("known here: name, letter")));
}

TEST_F(ConfigTest, NamesThePlaceOfAWrongType) {
  EXPECT_THAT(refusal_of("/slack/listen", 8080), HasSubstr("slack.listen: expected a string"));
  EXPECT_THAT(refusal_of("/admin", "127.0.0.1:1"), HasSubstr("admin: expected an object"));
  EXPECT_THAT(refusal_of("/peers/list", json::object()), HasSubstr("peers.list: expected a list"));
  EXPECT_THAT(refusal_of("/peers/list/0", "b"), HasSubstr("peers.list[0]: expected an object"));
  EXPECT_THAT(refusal_of("/limits/body_bytes", -1),
              HasSubstr("limits.body_bytes: expected a whole number"));
  EXPECT_THAT(refusal_of("/limits/body_bytes", 1.5), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal_of("/limits/body_bytes", 1),
              HasSubstr("limits.body_bytes: 1 is out of range"));
}

TEST_F(ConfigTest, RefusesWhatWouldNotWork) {
  EXPECT_THAT(refusal_of("/letter", "A"), HasSubstr("letter: expected one letter, a to z"));
  EXPECT_THAT(refusal_of("/letter", "ab"), HasSubstr("letter: expected one letter"));
  EXPECT_THAT(refusal_of("/name", "a b"), HasSubstr("name: expected up to 64 letters"));
  EXPECT_THAT(refusal_of("/name", ""), HasSubstr("name: must not be empty"));
  EXPECT_THAT(refusal_of("/slack/listen", "8080"),
              HasSubstr("slack.listen: \"8080\" is not host:port"));
  EXPECT_THAT(refusal_of("/peers/list/0/address", "b:70000"), HasSubstr("is not host:port"));
  EXPECT_THAT(refusal_of("/log/level", "loud"), HasSubstr("log.level: \"loud\" is not debug"));
  EXPECT_THAT(refusal_of("/peers/list/0/public_key", "abc"),
              HasSubstr("peers.list[0].public_key: "));
}

TEST_F(ConfigTest, RefusesToBeItsOwnPeerAndTwins) {
  EXPECT_THAT(refusal_of("/peers/list/0/name", "a"), HasSubstr("this is the peer itself"));
  EXPECT_THAT(refusal_of("/peers/list/0/public_key", public_hex(1)),
              HasSubstr("b has this peer's own key"));
  json twin = config_["peers"]["list"][0];
  twin["name"] = "c";
  EXPECT_THAT(refusal_of("/peers/list/1", twin), HasSubstr("b and c have the same key"));
  twin = config_["peers"]["list"][0];
  twin["public_key"] = public_hex(3);
  EXPECT_THAT(refusal_of("/peers/list/1", twin), HasSubstr("two peers are called b"));
}

TEST_F(ConfigTest, RefusesMorePeersThanItCanPushTo) {
  for (int i = 0; i < 128; ++i) {
    config_["peers"]["list"].push_back(
        {{"name", "p" + std::to_string(i)},
         {"address", "b:1"},
         {"public_key", public_hex(static_cast<std::uint8_t>(10 + i))}});
  }
  EXPECT_THAT(refusal(), HasSubstr("peers.list: at most 128 peers"));
}

TEST_F(ConfigTest, SaysWhichSecretItCannotRead) {
  EXPECT_THAT(refusal_of("/slack/signing_secret_file", "nowhere"),
              AllOf(HasSubstr("slack.signing_secret_file: cannot read " + path("nowhere"))));
  EXPECT_THAT(refusal_of("/identity_file", "nowhere"), HasSubstr("identity_file: cannot read"));
  EXPECT_THAT(refusal_of("/identity_file", "secret"),
              AllOf(HasSubstr("secret holds no key"), HasSubstr("muster init makes one")));
  write("secret", "\n");
  EXPECT_THAT(refusal(), HasSubstr("secret is empty"));
}

TEST_F(ConfigTest, TakesTheSigningSecretFromTheEnvironmentToo) {
  config_["slack"]["signing_secret_env"] = "MUSTER_TEST_SECRET";
  EXPECT_THAT(refusal(), HasSubstr("expected this or signing_secret_env, and not both"));
  config_["slack"].erase("signing_secret_file");
  EXPECT_THAT(refusal(), HasSubstr("the variable MUSTER_TEST_SECRET is not set"));
  ::setenv("MUSTER_TEST_SECRET", "from outside", 1);
  const auto config = load();
  ::unsetenv("MUSTER_TEST_SECRET");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->replica.signing_secret, "from outside");
}

TEST_F(ConfigTest, WarnsOfSecretsThatEveryUserCanRead) {
  ::chmod(path("secret").c_str(), 0644);
  const auto config = load();
  ASSERT_TRUE(config);
  EXPECT_THAT(config->warnings,
              ElementsAre(AllOf(HasSubstr(path("secret")), HasSubstr("chmod 600"))));
}

TEST_F(ConfigTest, NeverQuotesASecret) {
  write("secret", "");
  write("identity.key", "SECRETSECRET");
  EXPECT_THAT(refusal(), testing::Not(HasSubstr("SECRETSECRET")));
}

TEST_F(ConfigTest, SaysWhereTheFileIsNotJson) {
  const std::string file = path("config.json");
  const auto refusal_of_text = [&](const std::string& text) {
    write("config.json", text);
    const auto loaded = node::load_config(file);
    return loaded ? "" : loaded.error().message;
  };
  EXPECT_THAT(refusal_of_text("{\n  \"name\": }"),
              AllOf(HasSubstr("is not JSON"), HasSubstr("line 2")));
  EXPECT_THAT(refusal_of_text("{} // why not"), HasSubstr("is not JSON"));
  EXPECT_THAT(refusal_of_text("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(refusal_of_text(R"({"a": {"x": 1}, "b": {"x": 1, "x": 2}})"),
              HasSubstr("the key \"x\" is there twice"));
  EXPECT_THAT(refusal_of_text(""), HasSubstr("is not JSON"));
  std::filesystem::remove(file);
  const auto missing = node::load_config(file);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr(file), HasSubstr("muster init")));
}

TEST_F(ConfigTest, FindsTheStoreWithoutTheSecrets) {
  config_["identity_file"] = "nowhere";
  write("config.json", config_.dump());
  const auto found = node::data_dir_in(path("config.json"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, path("store"));
}

TEST_F(ConfigTest, OperatorsAreServedOnThisMachineAloneUnlessTheFileSaysOtherwise) {
  config_.erase("admin");
  const auto config = load();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->admin_listen, "127.0.0.1:8081");
}

TEST(NearestOf, TakesTheFewestEditsAndNothingTooFarAway) {
  EXPECT_EQ(node::nearest_of("lisen", {"level", "listen", "file"}), "listen");
  EXPECT_EQ(node::nearest_of("Listen", {"listen"}), "listen");
  EXPECT_EQ(node::nearest_of("zzz", {"listen", "file"}), "");
}

}  // namespace

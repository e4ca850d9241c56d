#include "node/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "node/config_reader.h"
#include "node/host_port.h"
#include "node/membership_file.h"
#include "node/replica_retention.h"
#include "node/text_file.h"

namespace node {
namespace {

constexpr std::uint64_t kRetentionDays = 365;
constexpr std::uint64_t kRetentionDaysMax = 36'500;
constexpr std::size_t kNameBytesMax = 64;  // Fits a table's column.

std::string without_end_space(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

// Reads the file's sections into one Config. The first error stays in `error`.
class Loader {
 public:
  Loader(const nlohmann::json& json, std::filesystem::path folder)
      : folder_(std::move(folder)), root_(json, "", error) {}

  void load() {
    config.replica.name = name(root_, "name");
    const std::string letter = root_.text("letter");
    if (letter.size() != 1 || letter[0] < 'a' || letter[0] > 'z') {
      root_.fail("letter", "expected one letter, a to z, that no other peer of the cluster has");
    } else {
      config.replica.letter = letter[0];
    }
    config.data_dir = path(root_.text("data_dir"));
    identity_file_ = path(root_.text("identity_file"));
    config.replica.reply_hold_max =
        std::chrono::milliseconds(root_.number_or("reply_hold_ms", 25, 0, 2000));
    load_retention();
    config.drain = std::chrono::milliseconds(
        root_.number_or("drain_ms", static_cast<std::uint64_t>(config.drain.count()), 0, 600'000));
    load_slack(root_.object("slack"));
    if (root_.has("admin")) load_admin(root_.object("admin"));
    load_peers(root_.object("peers"));
    load_limits(root_.object("limits"));
    load_log(root_.object("log"));
    load_store(root_.object("store"));
    root_.refuse_unknown();
    // Last: what is wrong in the file itself is said before what it points to.
    load_secrets();
  }

  Config config;
  std::optional<crdt::Error> error;

 private:
  void load_retention() {
    // Slack and people may still ask about what is younger; the most is a hundred years.
    constexpr std::uint64_t kLeast = kKeepMin / std::chrono::hours(24) + 1;
    const auto kept = root_.number_or("retention_days", kRetentionDays, kLeast, kRetentionDaysMax);
    config.replica.retention.keep = std::chrono::hours(24) * kept;
  }

  [[nodiscard]] std::string path(const std::string& text) const {
    return text.empty() ? text : (folder_ / text).lexically_normal().string();
  }

  static std::string name(ConfigReader& reader, std::string_view key) {
    std::string text = reader.text(key);
    if (!is_name(text)) {
      reader.fail(key, "expected up to 64 letters, digits, dots, dashes and underscores");
    }
    return text;
  }

  static std::string address(ConfigReader& reader, std::string_view key) {
    std::string text = reader.text(key);
    if (const auto parsed = parse_host_port(text); !parsed) {
      reader.fail(key, parsed.error().message);
    }
    return text;
  }

  void load_slack(ConfigReader slack) {
    config.slack_listen = address(slack, "listen");
    secret_file_ = path(slack.text_or("signing_secret_file", ""));
    secret_env_ = slack.text_or("signing_secret_env", "");
    if (secret_file_.empty() == secret_env_.empty()) {
      slack.fail("signing_secret_file",
                 "expected this or signing_secret_env, and not both; Slack shows the secret under "
                 "\"Basic Information\" of your app");
    }
    slack.refuse_unknown();
  }

  void load_admin(ConfigReader admin) {
    config.admin_listen = address(admin, "listen");
    admin.refuse_unknown();
  }

  void load_peers(ConfigReader peers) {
    config.peers_listen = address(peers, "listen");
    gossip::Config& gossip = config.replica.gossip;
    gossip.cluster = name(peers, "cluster");
    membership_file_ = path(peers.text_or("membership_file", ""));
    cluster_secret_file_ = path(peers.text_or("cluster_secret_file", ""));
    if (peers.has("address")) gossip.address = address(peers, "address");
    if (membership_file_.empty() != cluster_secret_file_.empty()) {
      peers.fail("membership_file", "expected this and cluster_secret_file, or neither");
    }
    load_list(peers);
    peers.refuse_unknown();
  }

  void load_list(ConfigReader& peers) {
    gossip::Config& gossip = config.replica.gossip;
    for (ConfigReader& entry : peers.list("list")) {
      gossip::PeerConfig peer;
      peer.name = name(entry, "name");
      peer.address = address(entry, "address");
      const std::string key = entry.text("public_key");
      if (const auto parsed = gossip::public_key_from_hex(key)) {
        peer.public_key = *parsed;
      } else {
        entry.fail("public_key", parsed.error().message);
      }
      entry.refuse_unknown();
      refuse_twin(entry, peer);
      gossip.peers.push_back(std::move(peer));
    }
    if (gossip.peers.size() > gossip::Config::kPeersMax) {
      peers.fail("list", "at most " + std::to_string(gossip::Config::kPeersMax) + " peers");
    }
  }

  void refuse_twin(ConfigReader& entry, const gossip::PeerConfig& peer) {
    if (peer.name == config.replica.name) {
      entry.fail("name", "this is the peer itself; list only the others");
    }
    for (const gossip::PeerConfig& other : config.replica.gossip.peers) {
      if (other.name == peer.name) entry.fail("name", "two peers are called " + peer.name);
      if (other.public_key == peer.public_key) {
        entry.fail("public_key", other.name + " and " + peer.name +
                                     " have the same key; each peer needs its own (muster init)");
      }
    }
  }

  void load_limits(ConfigReader limits) {
    config.body_bytes_max =
        limits.number_or("body_bytes", config.body_bytes_max, 4 << 10, 64 << 20);
    config.connections_max = limits.number_or("connections", config.connections_max, 1, 100'000);
    limits.refuse_unknown();
  }

  void load_log(ConfigReader log) {
    if (const auto level = parse_level(log.text_or("level", "info"))) {
      config.log.level = *level;
    } else {
      log.fail("level", level.error().message);
    }
    config.log.file = path(log.text_or("file", ""));
    config.log.rotate_bytes =
        log.number_or("rotate_bytes", config.log.rotate_bytes, 4 << 10, std::uint64_t{1} << 40);
    config.log.rotate_files = log.number_or("rotate_files", config.log.rotate_files, 1, 1000);
    log.refuse_unknown();
  }

  void load_store(ConfigReader store) {
    config.map_bytes = store.number_or("map_bytes", config.map_bytes, std::uint64_t{1} << 20,
                                       std::uint64_t{1} << 44);
    config.disk_reserve_bytes =
        store.number_or("disk_reserve_bytes", config.disk_reserve_bytes, 0, std::uint64_t{1} << 44);
    store.refuse_unknown();
  }

  void load_secrets() {
    if (error) return;
    load_identity(identity_file_);
    if (!error) load_signing_secret();
    if (!error && !membership_file_.empty()) load_membership();
  }

  void load_signing_secret() {
    std::string& secret = config.replica.signing_secret;
    if (!secret_env_.empty()) {
      const char* value = std::getenv(secret_env_.c_str());
      secret = value == nullptr ? "" : value;
      if (secret.empty()) {
        root_.fail("slack.signing_secret_env", "the variable " + secret_env_ + " is not set");
      }
      return;
    }
    secret = secret_in("slack.signing_secret_file", secret_file_);
    if (secret.empty()) root_.fail("slack.signing_secret_file", secret_file_ + " is empty");
  }

  void load_membership() {
    gossip::Config& gossip = config.replica.gossip;
    const auto file = read_text_file(membership_file_);
    if (!file) return root_.fail("peers.membership_file", file.error().message);
    auto membership = read_membership(file->text, gossip.cluster);
    if (!membership) {
      return root_.fail("peers.membership_file",
                        membership_file_ + ", " + membership.error().message);
    }
    gossip.operators = std::move(membership->operators);
    gossip.roster = std::move(membership->entries);
    const std::string secret = secret_in("peers.cluster_secret_file", cluster_secret_file_);
    const auto key = gossip::private_key_from_hex(secret);
    if (!key) {
      return root_.fail("peers.cluster_secret_file",
                        cluster_secret_file_ + " holds no secret (" + key.error().message + ")");
    }
    gossip.cluster_secret.emplace().bytes = key->bytes;
    gossip.member_secrets = config.replica.signing_secret;
  }

  void load_identity(const std::string& file) {
    const auto key = gossip::private_key_from_hex(secret_in("identity_file", file));
    if (!key) {
      return root_.fail("identity_file", file + " holds no key (" + key.error().message +
                                             "); muster init makes one");
    }
    config.replica.gossip.identity = *key;
    const gossip::PublicKey own = gossip::public_key_of(*key);
    for (const gossip::PeerConfig& peer : config.replica.gossip.peers) {
      if (peer.public_key == own) {
        root_.fail("peers.list", peer.name +
                                     " has this peer's own key; list only the others, each "
                                     "with its own");
      }
    }
  }

  std::string secret_in(std::string_view key, const std::string& file) {
    auto read = read_text_file(file);
    if (!read) {
      root_.fail(key, read.error().message);
      return "";
    }
    if (read->world_readable) {
      config.warnings.push_back("every user of this machine can read " + file + "; chmod 600 it");
    }
    return without_end_space(std::move(read->text));
  }

  std::filesystem::path folder_;
  ConfigReader root_;
  std::string identity_file_;
  std::string membership_file_;
  std::string cluster_secret_file_;
  std::string secret_file_;
  std::string secret_env_;
};

}  // namespace

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), fits);
}

crdt::Result<Config> load_config(const std::string& path) {
  const auto file = read_text_file(path);
  if (!file) return crdt::Error(file.error().message + "; muster init makes a configuration");
  nlohmann::json json;
  if (const auto parsed = parse_json_file(file->text, path, json); !parsed) return parsed.error();
  Loader loader(json, std::filesystem::absolute(path).parent_path());
  loader.load();
  if (loader.error) return crdt::Error(path + ": " + loader.error->message);
  return std::move(loader.config);
}

crdt::Result<StorePlace> store_place_in(const std::string& path) {
  const auto file = read_text_file(path);
  if (!file) return file.error();
  nlohmann::json json;
  if (const auto parsed = parse_json_file(file->text, path, json); !parsed) return parsed.error();
  std::optional<crdt::Error> error;
  ConfigReader root(json, "", error);
  const std::filesystem::path dir = root.text("data_dir");
  StorePlace place{{}, root.text("name"), root.object("peers").text("cluster")};
  if (error) return crdt::Error(path + ": " + error->message);
  const auto folder = std::filesystem::absolute(path).parent_path();
  place.data_dir = (folder / dir).lexically_normal().string();
  return place;
}

crdt::Result<std::string> data_dir_in(const std::string& path) {
  auto place = store_place_in(path);
  if (!place) return place.error();
  return {boost::system::in_place_value, std::move(place->data_dir)};
}

}  // namespace node

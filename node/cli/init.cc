#include "node/cli/init.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gossip/noise_keys.h"
#include "node/entropy.h"
#include "node/host_port.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

struct InitOptions {
  std::string name;
  std::string cluster;
  std::string dir;
  std::string letter;
  std::string slack_listen = "127.0.0.1:8080";
  std::string admin_listen = "127.0.0.1:8081";
  std::string peers_listen = "0.0.0.0:7100";
};

crdt::Result<void> check(InitOptions& options) {
  if (options.letter.empty()) options.letter = options.name.substr(0, 1);
  if (options.letter.size() != 1 || options.letter[0] < 'a' || options.letter[0] > 'z') {
    return crdt::Error(
        "choose a letter, a to z, that no other node of the cluster has: --letter b");
  }
  for (const auto* address :
       {&options.slack_listen, &options.admin_listen, &options.peers_listen}) {
    if (const auto parsed = parse_host_port(*address); !parsed) return parsed.error();
  }
  return {};
}

std::string config_text(const InitOptions& options) {
  nlohmann::ordered_json config;
  config["name"] = options.name;
  config["letter"] = options.letter;
  config["data_dir"] = "store";
  config["identity_file"] = "identity.key";
  config["slack"] = {{"listen", options.slack_listen}, {"signing_secret_file", "signing-secret"}};
  config["admin"] = {{"listen", options.admin_listen}};
  config["peers"] = {{"listen", options.peers_listen},
                     {"cluster", options.cluster},
                     {"list", nlohmann::ordered_json::array()}};
  config["log"] = {{"level", "info"}};
  return config.dump(2) + "\n";
}

// Looks before it writes anything, so that a refusal leaves nothing behind.
crdt::Result<void> refuse_existing(const std::string& dir) {
  for (const char* name : {"identity.key", "config.json"}) {
    std::error_code ignored;
    const std::string path = dir + "/" + name;
    if (std::filesystem::exists(path, ignored)) {
      return crdt::Error(path + " is there already; it stays as it is. Choose another --dir");
    }
  }
  return {};
}

void print_next_steps(const InitOptions& options, const std::string& public_key) {
  std::cout << "made " << options.dir << "/identity.key (keep it secret) and " << options.dir
            << "/config.json\n\npublic key of " << options.name << ": " << public_key
            << "\n\nnext:\n"
            << "  1. put Slack's signing secret into " << options.dir
            << "/signing-secret and chmod 600 it\n"
            << "  2. add the other nodes to peers.list in config.json, and this one to theirs:\n"
            << "     {\"name\": \"" << options.name
            << "\", \"address\": \"<this host>:" << parse_host_port(options.peers_listen)->port
            << "\", \"public_key\": \"" << public_key << "\"}\n"
            << "  3. muster serve --config " << options.dir << "/config.json\n";
}

crdt::Result<void> init(InitOptions& options) {
  if (const auto good = check(options); !good) return good;
  if (const auto free = refuse_existing(options.dir); !free) return free;
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) return crdt::Error("cannot make " + options.dir + ": " + error.message());
  crdt::Rng rng(seed_from_system());
  const gossip::PrivateKey identity = gossip::draw_private_key(rng);
  const auto key =
      write_new_file(options.dir + "/identity.key", gossip::exposed_hex(identity) + "\n");
  if (!key) return key;
  const auto config = write_new_file(options.dir + "/config.json", config_text(options));
  if (!config) return config;
  print_next_steps(options, gossip::to_hex(gossip::public_key_of(identity)));
  return {};
}

int run(InitOptions& options) {
  const auto made = init(options);
  if (made) return kDone;
  std::cerr << "muster: " << made.error().message << "\n";
  return kUnusable;
}

}  // namespace

void add_init(CLI::App& app, Action& action) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = app.add_subcommand("init", "make a node's identity and its configuration");
  command->add_option("--name", options->name, "what operators call this node")->required();
  command->add_option("--cluster", options->cluster, "nodes of other clusters are refused")
      ->required();
  command->add_option("--dir", options->dir, "where the files go; never overwrites any")
      ->required();
  command->add_option("--letter", options->letter,
                      "shown in task numbers made during a split; default: the name's first");
  command->add_option("--listen", options->peers_listen, "for peers; default 0.0.0.0:7100");
  command->add_option("--slack-listen", options->slack_listen, "default 127.0.0.1:8080");
  command->add_option("--admin-listen", options->admin_listen, "default 127.0.0.1:8081");
  command->footer("Example:\n  muster init --name a --cluster demo --dir /etc/muster");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli

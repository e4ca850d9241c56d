#include "node/cli/init.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gossip/roster_entry.h"
#include "node/cli/node_files.h"
#include "node/cli/operator_key.h"
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
  std::string operator_dir;
  std::string address;
  Listens listens;
  bool json = false;
};

crdt::Result<void> check(InitOptions& options) {
  if (const auto good = check_names(options.name, options.cluster, options.listens); !good) {
    return good;
  }
  if (options.letter.empty()) options.letter = default_letter(options.name);
  if (options.letter.size() != 1 || options.letter[0] < 'a' || options.letter[0] > 'z') {
    return crdt::Error(
        "choose a letter, a to z, that no other node of the cluster has: --letter b");
  }
  if (options.address.empty()) options.address = default_address(options.listens.peers);
  const auto address = parse_host_port(options.address);
  if (!address) return address.error();
  std::error_code ignored;
  if (std::filesystem::exists(options.dir + "/identity.key", ignored)) {
    return crdt::Error(options.dir +
                       "/identity.key is there already; it stays as it is. Choose another --dir");
  }
  return refuse_existing(options.dir);
}

// The first member of a new cluster, in the words of its operator.
crdt::Record founder(const NodeFiles& files, const gossip::SigningSeed& operator_seed) {
  const gossip::Member member{public_key_of(files.identity),
                              verify_key_of(signing_seed_of(files.identity)),
                              files.name,
                              files.address,
                              files.letter,
                              gossip::RosterState::kActive,
                              1};
  return to_record(files.cluster, sign_as_operator(files.cluster, member, operator_seed));
}

crdt::Result<void> found_cluster(const InitOptions& options, NodeFiles& files) {
  const auto keys = make_operator_keys(options.operator_dir);
  if (!keys) return keys.error();
  crdt::Rng rng(seed_from_system());
  rng.fill(files.cluster_secret.bytes);
  files.address = options.address;
  files.membership.emplace();
  files.membership->operators = {verify_key_of(keys->daily), verify_key_of(keys->recovery)};
  files.membership->entries = {founder(files, keys->daily)};
  return {};
}

void print_secret_step(const InitOptions& options) {
  std::cout << "  1. put Slack's signing secret into " << options.dir
            << "/signing-secret and chmod 600 it\n";
}

void print_next_steps(const InitOptions& options, const std::string& public_key) {
  std::cout << "made " << options.dir << "/identity.key (keep it secret) and " << options.dir
            << "/config.json\n\npublic key of " << options.name << ": " << public_key
            << "\n\nnext:\n";
  print_secret_step(options);
  std::cout << "  2. add the other nodes to peers.list in config.json, and this one to theirs:\n"
            << "     {\"name\": \"" << options.name
            << "\", \"address\": \"<this host>:" << parse_host_port(options.listens.peers)->port
            << "\", \"public_key\": \"" << public_key << "\"}\n"
            << "     (its letter in task numbers is " << options.letter
            << ": no other node may have it)\n"
            << "  3. muster serve --config " << options.dir << "/config.json\n";
}

void print_cluster_steps(const InitOptions& options) {
  std::cout << "made the cluster " << options.cluster << " and its first node in " << options.dir
            << ",\nwhich peers will reach at " << options.address << "\n\n"
            << options.operator_dir << "/operator.key  signs who joins and who leaves: keep it off "
            << "the nodes\n"
            << options.operator_dir << "/recovery.key  may do the same: keep it offline, for the "
            << "day the first is lost\n\nnext:\n";
  print_secret_step(options);
  std::cout << "  2. muster serve --config " << options.dir << "/config.json\n"
            << "  3. for each further machine:\n"
            << "     muster invite --config " << options.dir << "/config.json --operator-key "
            << options.operator_dir << "/operator.key\n"
            << "     and there: muster join TOKEN --dir " << options.dir << "\n";
}

void print_json(const InitOptions& options, const NodeFiles& files) {
  nlohmann::json made{{"name", options.name},
                      {"cluster", options.cluster},
                      {"letter", options.letter},
                      {"public_key", gossip::to_hex(gossip::public_key_of(files.identity))},
                      {"config", options.dir + "/config.json"},
                      {"signing_secret", options.dir + "/signing-secret"}};
  if (!options.operator_dir.empty()) {
    made["address"] = options.address;
    made["operator_key"] = options.operator_dir + "/operator.key";
    made["recovery_key"] = options.operator_dir + "/recovery.key";
  }
  std::cout << made.dump(2) << "\n";
}

crdt::Result<void> make_files(const InitOptions& options, NodeFiles& files) {
  if (!options.operator_dir.empty()) {
    if (const auto made = found_cluster(options, files); !made) return made;
  }
  return write_files(files);
}

crdt::Result<void> init(InitOptions& options) {
  if (const auto good = check(options); !good) return good;
  if (const auto made = make_dir(options.dir); !made) return made;
  NodeFiles files;
  files.dir = options.dir;
  files.name = options.name;
  files.cluster = options.cluster;
  files.letter = options.letter[0];
  files.listens = options.listens;
  const auto identity = identity_in(options.dir);
  if (!identity) return identity.error();
  files.identity = *identity;
  if (const auto made = make_files(options, files); !made) {
    // It was not there before, and whoever tries again gets a new one.
    std::error_code ignored;
    std::filesystem::remove(options.dir + "/identity.key", ignored);
    return made;
  }
  if (options.json) {
    print_json(options, files);
  } else if (!options.operator_dir.empty()) {
    print_cluster_steps(options);
  } else {
    print_next_steps(options, gossip::to_hex(gossip::public_key_of(files.identity)));
  }
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
  CLI::App* command =
      app.add_subcommand("init", "make a cluster and its first node, or a node of a fixed cluster");
  command->add_option("--name", options->name, "what operators call this node")->required();
  command->add_option("--cluster", options->cluster, "nodes of other clusters are refused")
      ->required();
  command->add_option("--dir", options->dir, "where the files go; never overwrites any")
      ->required();
  command->add_option("--operator-dir", options->operator_dir,
                      "make a cluster that others can join, and put its operator's keys here; "
                      "without it, each configuration lists all nodes");
  command->add_option("--address", options->address,
                      "where other nodes reach this one; default: this host's name and the port");
  command->add_option("--letter", options->letter,
                      "shown in task numbers made during a split; default: what the name's number "
                      "or last letter stands for");
  command->add_option("--listen", options->listens.peers, "for peers; default 0.0.0.0:7100");
  command->add_option("--slack-listen", options->listens.slack, "default 127.0.0.1:8080");
  command->add_option("--admin-listen", options->listens.admin, "default 127.0.0.1:8081");
  command->add_flag("--json", options->json, "what was made, as JSON: keys and where files are");
  command->footer(
      "Example:\n  muster init --name a --cluster demo --dir /etc/muster \\\n"
      "    --operator-dir ~/muster-operator");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli

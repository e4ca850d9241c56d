#include "node/cli/node_files.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "node/config.h"
#include "node/entropy.h"
#include "node/host_port.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

std::string config_text(const NodeFiles& files) {
  nlohmann::ordered_json config;
  config["name"] = files.name;
  config["letter"] = std::string(1, files.letter);
  config["data_dir"] = "store";
  config["identity_file"] = "identity.key";
  config["retention_days"] = 365;
  config["slack"] = {{"listen", files.listens.slack}, {"signing_secret_file", "signing-secret"}};
  config["admin"] = {{"listen", files.listens.admin}};
  config["peers"] = {{"listen", files.listens.peers},
                     {"cluster", files.cluster},
                     {"list", nlohmann::ordered_json::array()}};
  if (files.membership) {
    config["peers"]["membership_file"] = "membership";
    config["peers"]["cluster_secret_file"] = "cluster-secret";
    config["peers"]["address"] = files.address;
  }
  config["log"] = {{"level", "info"}};
  return config.dump(2) + "\n";
}

crdt::Result<void> write(const NodeFiles& files, const char* name, const std::string& text) {
  return write_new_file(files.dir + "/" + name, text);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

crdt::Result<void> check_names(const std::string& name, const std::string& cluster,
                               const Listens& listens) {
  if (!is_name(name) || !is_name(cluster)) {
    return crdt::Error("names are up to 64 letters, digits, dots, dashes and underscores");
  }
  for (const auto* address : {&listens.peers, &listens.slack, &listens.admin}) {
    if (const auto parsed = parse_host_port(*address); !parsed) return parsed.error();
  }
  return {};
}

std::string default_address(const std::string& listen) {
  const auto parsed = parse_host_port(listen);
  if (!parsed) return "";
  const bool any = parsed->host == "0.0.0.0" || parsed->host == "::";
  return any ? to_string(HostPort{host_name(), parsed->port}) : listen;
}

std::string default_name() {
  const std::string name = host_name();
  return name.substr(0, name.find('.'));
}

char default_letter(const std::string& name) {
  std::size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  if (digits < name.size()) {  // "peer-2" is b.
    unsigned number = 0;
    for (const char c : name.substr(digits)) number = (number * 10 + (c - '0')) % 26;
    return static_cast<char>('a' + (number + 25) % 26);
  }
  const char last = name.empty() ? 'a' : name.back();
  if (last >= 'A' && last <= 'Z') return static_cast<char>(last - 'A' + 'a');
  return last >= 'a' && last <= 'z' ? last : 'a';
}

crdt::Result<void> refuse_existing(const std::string& dir) {
  for (const char* name : {"config.json", "membership", "cluster-secret"}) {
    std::error_code ignored;
    const std::string path = dir + "/" + name;
    if (std::filesystem::exists(path, ignored)) {
      return crdt::Error(path + " is there already; it stays as it is. Choose another --dir");
    }
  }
  return {};
}

crdt::Result<void> make_dir(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return crdt::Error("cannot make " + dir + ": " + error.message());
  return {};
}

crdt::Result<gossip::PrivateKey> identity_in(const std::string& dir) {
  const std::string path = dir + "/identity.key";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    const auto file = read_text_file(path);
    if (!file) return file.error();
    const auto key = gossip::private_key_from_hex(file->text.substr(0, 2 * gossip::kKeyBytes));
    if (!key) return crdt::Error(path + " holds no key: " + key.error().message);
    return *key;
  }
  crdt::Rng rng(seed_from_system());
  const gossip::PrivateKey identity = gossip::draw_private_key(rng);
  const auto written = write_new_file(path, gossip::exposed_hex(identity) + "\n");
  if (!written) return written.error();
  return identity;
}

crdt::Result<void> write_files(const NodeFiles& files) {
  std::error_code ignored;
  if (files.membership) {
    const std::string secret = crdt::to_hex(gossip::view_of(files.cluster_secret.bytes));
    if (const auto done = write(files, "cluster-secret", secret + "\n"); !done) return done;
    const auto done = write(files, "membership", membership_text(*files.membership));
    if (!done) return done;
  }
  // Whoever put one there before knows why.
  const bool there = std::filesystem::exists(files.dir + "/signing-secret", ignored);
  if (!files.signing_secret.empty() && !there) {
    const auto done = write(files, "signing-secret", files.signing_secret + "\n");
    if (!done) return done;
  }
  return write(files, "config.json", config_text(files));  // Last: with it the folder is whole.
}

}  // namespace node::cli

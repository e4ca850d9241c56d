// NodeFiles: the folder of a new node, as `muster init` and `muster join` write it.
//
// Shape    config.json, identity.key; of a cluster with operators also membership, cluster-secret
//          and, where it is known, signing-secret. Secrets have mode 0600.
// Errors   nothing that is there is ever replaced.
#pragma once

#include <optional>
#include <string>

#include "crdt/result.h"
#include "gossip/noise_keys.h"
#include "node/membership_file.h"

namespace node::cli {

struct Listens {
  std::string peers = "0.0.0.0:7100";
  std::string slack = "127.0.0.1:8080";
  std::string admin = "127.0.0.1:8081";
};

struct NodeFiles {
  std::string dir;
  std::string name;
  std::string cluster;
  std::string address;  // Where peers dial it; only of a cluster with operators.
  char letter = 'a';
  Listens listens;
  gossip::PrivateKey identity;
  std::optional<Membership> membership;
  gossip::PreSharedKey cluster_secret;  // Where there is a membership.
  std::string signing_secret;           // Empty: whoever sets the node up puts it there.
};

// What is wrong with the names and addresses that were asked for.
[[nodiscard]] crdt::Result<void> check_names(const std::string& name, const std::string& cluster,
                                             const Listens& listens);

// This machine's name and the port of `listen`: where peers dial unless somebody says otherwise.
[[nodiscard]] std::string default_address(const std::string& listen);
[[nodiscard]] std::string default_name();

// The letter of `name` in task numbers: the one its number or its last letter stands for.
[[nodiscard]] char default_letter(const std::string& name);

// An Error where the folder holds a configuration already.
[[nodiscard]] crdt::Result<void> refuse_existing(const std::string& dir);
[[nodiscard]] crdt::Result<void> make_dir(const std::string& dir);

// The identity in the folder, or a new one that is now there: a joiner that was interrupted goes on
// with the key that its token may be bound to.
[[nodiscard]] crdt::Result<gossip::PrivateKey> identity_in(const std::string& dir);

// All but the identity.
[[nodiscard]] crdt::Result<void> write_files(const NodeFiles& files);

}  // namespace node::cli

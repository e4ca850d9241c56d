// JoinFolder: the folder of a node that is joining, until it is whole. A join that ends in between
// can be run again; one that nobody heard of leaves nothing behind.
//
// Shape    a file `joining` says whose the others are: with it, what is there but config.json is
//          this join's, and the next try writes it anew. The node's key alone stays as it is: a
//          token may be bound to it by then.
// Errors   a folder that holds another node is refused; nothing of it is changed.
#pragma once

#include <string>

#include "crdt/result.h"
#include "gossip/noise_keys.h"
#include "node/cli/node_files.h"

namespace node::cli {

class JoinFolder {
 public:
  explicit JoinFolder(std::string dir) : dir_(std::move(dir)) {}
  ~JoinFolder();
  JoinFolder(const JoinFolder&) = delete;
  JoinFolder& operator=(const JoinFolder&) = delete;

  // Makes it, or goes on with what an interrupted join left. The node's key.
  [[nodiscard]] crdt::Result<gossip::PrivateKey> open();

  // A peer may have let this key in: from here on it stays, whatever comes.
  void keep() { kept_ = true; }

  // REQUIRES open().
  [[nodiscard]] crdt::Result<void> finish(const NodeFiles& files);

 private:
  [[nodiscard]] std::string path(const char* name) const { return dir_ + "/" + name; }
  void remove(const char* name) const;

  std::string dir_;
  bool made_dir_ = false;
  bool made_key_ = false;
  bool opened_ = false;
  bool kept_ = false;
};

}  // namespace node::cli

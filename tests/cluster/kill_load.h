// KillLoad: a thousand commands while the peer that receives them is killed again and again, and
// what must hold afterwards.
//
// Shape    run() sends, kills, restarts and waits until the peers are equal; complaints() is the
//          checker. Tests with a disk that lies use the same two, so that they prove the checker.
// Thread   one; the clients that it starts end with run().
#pragma once

#include <string>
#include <vector>

#include "tests/cluster/cluster.h"

namespace tests {

class KillLoad {
 public:
  static constexpr int kCommands = 1000;
  static constexpr int kKills = 50;

  struct Options {
    int all_every =
        0;  // Every so many kills, all peers at once, and once more at the end; 0 never.
  };

  explicit KillLoad(Options options) : options_(options) {}

  // Empty, or why it could not go on.
  [[nodiscard]] std::string run();

  // One sentence for each acknowledged command that some peer does not list, or lists twice. After
  // a run() every command was acknowledged.
  [[nodiscard]] std::vector<std::string> complaints();

 private:
  Options options_;
  Cluster cluster_;
};

}  // namespace tests

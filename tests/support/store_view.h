// StoreView: what a store holds, read past its Replica, for checkers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crdt/log_row.h"
#include "crdt/state_hash.h"
#include "node/memory_store.h"

namespace tests {

struct StoreView {
  crdt::StoreDigest digest;
  std::map<std::string, crdt::StateHash> documents;  // By key.
  std::vector<std::string> board;    // "1a green disk full [U8]", and " contested" behind some.
  std::map<std::string, int> texts;  // How many tasks have this text.

  bool operator==(const StoreView&) const = default;
};

// REQUIRES no open transaction.
[[nodiscard]] StoreView view_of(node::MemoryStore& store);

}  // namespace tests

// Output: what a Peer wants done, gathered over one step.
#pragma once

#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "gossip/link_id.h"

namespace gossip {

struct Send {
  LinkId link;
  crdt::Bytes bytes;
};

enum class Severity { kInfo, kWarning };

struct Notice {
  Severity severity = Severity::kInfo;
  std::string text;
};

struct Output {
  std::vector<Send> sends;
  std::vector<LinkId> closes;
  std::vector<std::string> dials;  // Addresses.
  std::vector<Notice> notices;
};

}  // namespace gossip

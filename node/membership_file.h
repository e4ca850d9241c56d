// MembershipFile: what a node was told of its cluster when it was set up: `muster init` and
// `muster join` write it, and it is read at every start.
//
// Shape    text, one line each: "operator" and a key, "entry" and a signed roster entry, in
//          hexadecimal digits; "#" begins a comment. What the cluster says later is in the store.
// Errors   one sentence that names the line.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/record.h"
#include "crdt/result.h"
#include "gossip/signing_keys.h"

namespace node {

struct Membership {
  std::set<gossip::VerifyKey> operators;
  std::vector<crdt::Record> entries;

  bool operator==(const Membership&) const = default;
};

[[nodiscard]] std::string membership_text(const Membership& membership);
[[nodiscard]] crdt::Result<Membership> read_membership(std::string_view text,
                                                       const std::string& cluster);

}  // namespace node

// FrameV1: frames as a peer reads them that knows version 1 of the wire and nothing later, and as
// one writes them that knows more.
//
// Shape    messages of Cap'n Proto are read with the schemas of tests/gossip/recorded/v1, others by
//          tests/support/change_v1.h. tests/gossip/later holds the schemas of a release to come:
//          a field more in every struct of today's, and a message that nobody knows yet.
// Errors   std::runtime_error or kj::Exception where version 1 cannot read a frame.
#pragma once

#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "tests/support/change_v1.h"

namespace tests {

struct SaidV1 {
  std::string name;    // "hello", "push": as the schema calls it.
  std::string text;    // Every field that version 1 knows, with its value.
  crdt::Bytes octets;  // The message once more, without what version 1 does not know.
};

// One direction of a link.
class EarV1 {
 public:
  // Names of pushes are remembered; messages that version 1 does not know are left out.
  [[nodiscard]] std::vector<SaidV1> hear(crdt::BytesView frame);

 private:
  NamesV1 names_;
};

// As a peer of a later release sends it: each field that today's does not know is set, and
// messages that it does not know come before, between and behind.
[[nodiscard]] crdt::Bytes said_later(crdt::BytesView frame);

// How many of these messages said_later adds.
[[nodiscard]] std::size_t added_later(crdt::BytesView frame);

}  // namespace tests

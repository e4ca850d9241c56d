// LinkTap: a link between two peers with somebody in the middle who has both of their keys, reads
// every frame and may pass on another one.
//
// Shape    what either end sends goes in, what both are to receive comes out; nothing waits here
//          but frames of an end whose other end has not finished its handshake.
#pragma once

#include <functional>
#include <vector>

#include "crdt/rng.h"
#include "gossip/config.h"
#include "gossip/secure_channel.h"

namespace test {

class LinkTap {
 public:
  // What is passed on of a frame that the end that dialled, or the other one, has sent.
  using Pass = std::function<crdt::Bytes(bool from_dialler, crdt::BytesView frame)>;

  struct Out {
    crdt::Bytes to_dialler;
    crdt::Bytes to_accepter;
  };

  LinkTap(const gossip::Config& dialler, const gossip::Config& accepter, crdt::Rng& rng, Pass pass);

  [[nodiscard]] Out start();
  [[nodiscard]] Out bytes(bool from_dialler, crdt::BytesView bytes);

 private:
  struct End {
    gossip::SecureChannel channel;
    std::vector<crdt::Bytes> waiting;  // Frames for it.
  };
  [[nodiscard]] crdt::Bytes deliver(End& end);

  Pass pass_;
  End dialler_;
  End accepter_;
};

}  // namespace test

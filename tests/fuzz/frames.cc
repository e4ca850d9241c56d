// What frames decode to: whatever is taken can be said again, and is taken again as it was.
#include "gossip/wire.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(frames) {
  crdt::HeardNames names;
  while (!bytes.empty()) {
    const auto messages = gossip::decode_frame(fuzz::take_piece(bytes), names);
    if (!messages) continue;
    for (const gossip::Message& message : *messages) {
      crdt::HeardNames fresh;
      const auto again = gossip::decode_frame(gossip::encode(message), fresh);
      CHECK(again && again->size() == 1 && again->front() == message);
    }
  }
}

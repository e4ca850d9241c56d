// A whole peer, to which a key that it trusts says anything.
//
// It may drop the link; it may not fall, nor lose what it holds itself.
#include "gossip/change_wire.h"
#include "tests/fuzz/target.h"
#include "tests/support/hostile_peer.h"

FUZZ_TARGET(peer) {
  const bool introduced = fuzz::take_octet(bytes) % 8 != 0;
  test::LonePeer victim({test::hostile_config(1, "liar")});
  victim.write("k", "title", "its own");
  const auto before = victim.data();
  test::HostilePeer liar(victim);
  introduced ? liar.begin() : liar.shake_hands();
  while (!bytes.empty() && !liar.dropped()) {
    const crdt::BytesView piece = fuzz::take_piece(bytes);
    if (piece.empty()) {
      victim.pass(std::chrono::seconds(1));
    } else {
      liar.say_frame(piece);
    }
  }
  victim.pass(std::chrono::seconds(60));
  static_cast<void>(victim.status());
  // A peer that says nothing valid changes nothing; records and documents only ever come on top.
  for (const auto& [key, value] : before) CHECK(victim.data().contains(key));
}

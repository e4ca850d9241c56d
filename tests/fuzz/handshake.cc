// The handshake, and what a link carries after it.
//
// Raw octets for either end; and an honest stream that somebody cuts anywhere and changes.
#include <algorithm>

#include "tests/fuzz/target.h"
#include "tests/gossip/channel_pair.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using gossip::Role;
using gossip::SecureChannel;

// A channel that once failed must go on failing, and yield nothing.
void expect_dead(SecureChannel& channel) {
  CHECK(!channel.receive("more"));
  CHECK(!channel.established());
}

// Octets that no peer sent can never establish a link.
void feed_raw(Role role, BytesView bytes) {
  SecureChannel channel = gossip::make_channel(role);
  static_cast<void>(channel.start());
  while (!bytes.empty()) {
    const auto received = channel.receive(fuzz::take_piece(bytes));
    if (!received) return expect_dead(channel);
    CHECK(!received->established_now && received->frames.empty());
  }
  static_cast<void>(channel.end_of_stream());
  expect_dead(channel);
}

// What arrives of `stream` after the plan: pieces, one of which may come changed. False once the
// receiver refused.
bool carry(BytesView stream, SecureChannel& to, BytesView& plan, gossip::Received& got,
           bool& changed) {
  while (!stream.empty()) {
    const std::size_t size = std::max<std::size_t>(1, fuzz::take_octet(plan));
    Bytes piece(stream.substr(0, plan.empty() ? stream.size() : size));
    stream.remove_prefix(piece.size());
    const std::uint8_t change = fuzz::take_octet(plan);
    if (change >= 0xf0) {  // Seldom, so that most streams get somewhere.
      piece[fuzz::take_octet(plan) % piece.size()] ^= static_cast<char>(1 << (change % 8));
      changed = true;
    }
    auto received = to.receive(piece);
    if (!received) return false;
    got.to_send += received->to_send;
    for (Bytes& frame : received->frames) got.frames.push_back(std::move(frame));
  }
  return true;
}

void feed_changed(BytesView plan) {
  gossip::ChannelPair pair;
  static_cast<void>(pair.responder.start());
  bool changed = false;
  gossip::Received first, second, third;
  const Bytes hello = pair.initiator.start();
  const bool shaken = carry(hello, pair.responder, plan, first, changed) &&
                      carry(first.to_send, pair.initiator, plan, second, changed) &&
                      carry(second.to_send, pair.responder, plan, third, changed);
  // A length that was changed may make an end wait for more; nothing else may pass.
  if (!shaken || !pair.responder.established()) return CHECK(changed);
  CHECK(!changed);
  const std::size_t long_frame = fuzz::take_octet(plan) >= 0xf0 ? 70'000 : 7;  // Of two messages.
  const Bytes frames[] = {Bytes(fuzz::take_piece(plan)), Bytes(long_frame, 'x'), Bytes()};
  Bytes stream;
  for (const Bytes& frame : frames) stream += pair.initiator.seal(frame);
  stream += pair.initiator.rekey();
  stream += pair.initiator.seal("last");
  const bool sound = carry(stream, pair.responder, plan, third, changed);
  CHECK(sound || changed);
  if (!sound) return expect_dead(pair.responder);
  if (changed) return;  // It waits for the rest of a message that will never be right.
  CHECK(third.frames.size() == 4 && third.frames.back() == "last");
  for (std::size_t i = 0; i < 3; ++i) CHECK(third.frames[i] == frames[i]);
}

}  // namespace

FUZZ_TARGET(handshake) {
  switch (fuzz::take_octet(bytes) % 3) {
    case 0:
      return feed_raw(Role::kInitiator, bytes);
    case 1:
      return feed_raw(Role::kResponder, bytes);
    default:
      return feed_changed(bytes);
  }
}

#include "tests/support/link_tap.h"

#include <utility>

#include "crdt/check.h"
#include "gossip/peer.h"

namespace test {
namespace {

// As `self` would make it.
gossip::SecureChannel channel_of(const gossip::Config& self, gossip::Role role, crdt::Rng& rng) {
  gossip::SecureChannelConfig config;
  config.role = role;
  config.handshake.prologue = gossip::link_prologue(self.cluster);
  config.handshake.static_key = self.identity;
  config.payload = self.software;
  config.allowed = [](const gossip::PublicKey&) { return true; };
  return gossip::SecureChannel(std::move(config), rng);
}

}  // namespace

LinkTap::LinkTap(const gossip::Config& dialler, const gossip::Config& accepter, crdt::Rng& rng,
                 Pass pass)
    : pass_(std::move(pass)),
      dialler_{channel_of(accepter, gossip::Role::kResponder, rng), {}},
      accepter_{channel_of(dialler, gossip::Role::kInitiator, rng), {}} {}

LinkTap::Out LinkTap::start() { return {dialler_.channel.start(), accepter_.channel.start()}; }

LinkTap::Out LinkTap::bytes(bool from_dialler, crdt::BytesView bytes) {
  End& from = from_dialler ? dialler_ : accepter_;
  End& to = from_dialler ? accepter_ : dialler_;
  auto received = from.channel.receive(bytes);
  CHECK(received);  // Both ends are honest, and so is the way to here.
  for (const crdt::Bytes& frame : received->frames) {
    to.waiting.push_back(pass_(from_dialler, frame));
  }
  crdt::Bytes back = std::move(received->to_send);
  if (received->established_now) back += deliver(from);
  crdt::Bytes on = deliver(to);
  if (from_dialler) return {std::move(back), std::move(on)};
  return {std::move(on), std::move(back)};
}

crdt::Bytes LinkTap::deliver(End& end) {
  crdt::Bytes sealed;
  if (!end.channel.established()) return sealed;
  for (const crdt::Bytes& frame : std::exchange(end.waiting, {})) {
    sealed += end.channel.seal(frame);
  }
  return sealed;
}

}  // namespace test

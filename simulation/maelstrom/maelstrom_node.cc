#include "simulation/maelstrom/maelstrom_node.h"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crdt/check.h"
#include "crdt/seed.h"

namespace simulation::maelstrom {
namespace {

using crdt::Instant;
using namespace std::chrono_literals;

// Known to everybody who knows the name: see the header.
gossip::PrivateKey key_of(const std::string& name) {
  const std::string text = "muster-maelstrom " + name;
  gossip::PrivateKey key;
  crypto_generichash(key.bytes.data(), key.bytes.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  return key;
}

// Maelstrom counts messages, not octets, over links of 100 ms, where nobody waits for
// acknowledgements; and judges 10 s after the last partition.
gossip::Config gossip_config(const std::string& self, const std::set<std::string>& names) {
  gossip::Config config;
  config.cluster = "maelstrom";
  config.identity = key_of(self);
  for (const std::string& name : names) {
    if (name != self) config.peers.push_back({name, name, public_key_of(key_of(name))});
  }
  // As long as all links are up an offer only moves a cursor, which saves work when one breaks. At
  // 200 ms, as in production, offers take 46 of 59 messages for each operation: under steady load
  // no cursor is ever as far as the rows that are offered by their source.
  config.offer_after = 30s;
  config.linger = 3s;  // Without: 15 messages more.
  config.park_for = 2s;
  // A loss shows with the next message. Half of the 10 s: the rest is for dialling and repair.
  config.ping_after = 5s;
  config.probe_every = 4s;  // Of whom nothing is asked: each probe is two messages.
  config.redial_max = 1s;
  return config;
}

std::optional<std::set<std::string>> names_in(const Json& body) {
  const auto ids = body.find("node_ids");
  if (ids == body.end() || !ids->is_array()) return std::nullopt;
  std::set<std::string> names;
  for (const Json& id : *ids) {
    if (!id.is_string()) return std::nullopt;
    names.insert(id.get<std::string>());
  }
  return names;
}

}  // namespace

void MaelstromNode::start(Instant now, const Envelope& init) {
  const auto names = names_in(init.body);
  const auto self = init.body.find("node_id");
  if (running_ || !names || self == init.body.end() || !self->is_string()) {
    out_.push_back(refusal(init, ErrorCode::kMalformedRequest, "cannot be initialised so"));
    return;
  }
  const gossip::Config config = gossip_config(*self, *names);
  if (config.peers.size() > gossip::Config::kPeersMax) {
    const std::string most = std::to_string(gossip::Config::kPeersMax + 1);
    out_.push_back(refusal(init, ErrorCode::kNotSupported, "this is for " + most + " nodes"));
    return;
  }
  crdt::ReplicaId run;
  while (run.value == 0) run.value = rng_.next();
  repository_.begin_run(run);
  // JSON's numbers are exact up to 2^53 wherever they pass.
  const std::uint64_t first_stream = rng_.below(std::uint64_t{1} << 52);
  running_.emplace(repository_, run, config, *self, crdt::draw_seed(rng_), first_stream, workload_);
  dial_at_ = now + kDialAfter;
  init_ = Held{init, now + kInitMax};
}

std::vector<std::string> MaelstromNode::step(Instant now, std::span<const std::string> lines) {
  repository_.use(store_.begin());
  if (!running_) CHECK(repository_.open());
  for (const std::string& line : lines) take_line(now, line);
  if (running_) {
    tell_peer(now, running_->streams.wake(now));
    if (dial_at_ && *dial_at_ <= now) dial_at_.reset();
    gossip(now);
  }
  answer_init(now);
  CHECK(store_.commit());
  std::vector<std::string> out;
  for (const Envelope& envelope : std::exchange(out_, {})) out.push_back(to_line(envelope));
  return out;
}

void MaelstromNode::take_line(Instant now, const std::string& line) {
  const crdt::Result<Envelope> envelope = parse(line);
  if (!envelope) {
    notices_.push_back("cannot read a line: " + envelope.error().message);
    return;
  }
  const std::string type = type_of(*envelope);
  if (type == "init") return start(now, *envelope);
  if (!running_) {
    out_.push_back(refusal(*envelope, ErrorCode::kTemporarilyUnavailable, "there was no init"));
    return;
  }
  if (type == kStreamType || type == kResetType) {
    return tell_peer(now, running_->streams.receive(now, *envelope));
  }
  if (!envelope->body.contains("in_reply_to")) answer(*envelope);
}

void MaelstromNode::answer(const Envelope& request) {
  out_.push_back(running_->service.answer(request));
  for (const auto& [seq, change] : running_->service.take_made()) running_->peer.push(seq, change);
}

void MaelstromNode::answer_init(Instant now) {
  if (!init_ || (!running_->peer.pushes_to_all() && init_->until > now)) return;
  out_.push_back(reply(init_->request, {{"type", "init_ok"}}));
  init_.reset();
}

void MaelstromNode::tell_peer(Instant now, const std::vector<StreamEvent>& events) {
  gossip::Peer& peer = running_->peer;
  for (const StreamEvent& event : events) {
    switch (event.kind) {
      case StreamEvent::Kind::kOpened:
        peer.link_opened(now, event.link, "");
        break;
      case StreamEvent::Kind::kBytes:
        peer.link_bytes(now, event.link, event.bytes);
        break;
      case StreamEvent::Kind::kClosed:
        peer.link_closed(now, event.link, event.reason);
        break;
    }
  }
}

// What the peer has for one node leaves as one message. A dial has no answer to wait for, so what
// it says first leaves in the same step.
void MaelstromNode::gossip(Instant now) {
  gossip::Peer& peer = running_->peer;
  Streams& streams = running_->streams;
  if (!dial_at_) peer.wake(now);
  peer.batch_end(now);
  gossip::Output output = peer.take_output();
  for (const std::string& address : output.dials) {
    peer.link_opened(now, streams.dial(now, address), address);
  }
  gossip::Output opened = peer.take_output();
  std::move(opened.sends.begin(), opened.sends.end(), std::back_inserter(output.sends));
  std::map<gossip::LinkId, crdt::Bytes> sends;
  for (const gossip::Send& send : output.sends) sends[send.link] += send.bytes;
  for (const auto& [link, bytes] : sends) streams.send(link, bytes);
  for (const gossip::LinkId link : output.closes) streams.close(link);
  for (const gossip::Notice& notice : output.notices) notices_.push_back(notice.text);
  std::vector<Envelope> messages = streams.take_messages();
  std::move(messages.begin(), messages.end(), std::back_inserter(out_));
}

std::optional<Instant> MaelstromNode::wake_at() const {
  if (!running_) return std::nullopt;
  std::optional<Instant> earliest = dial_at_ ? dial_at_ : running_->peer.wake_at();
  const auto keep = [&](const std::optional<Instant>& at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  keep(running_->streams.wake_at());
  if (init_) keep(init_->until);
  return earliest;
}

}  // namespace simulation::maelstrom

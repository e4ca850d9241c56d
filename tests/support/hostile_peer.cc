#include "tests/support/hostile_peer.h"

#include <utility>

#include "crdt/check.h"
#include "crdt/edit.h"
#include "gossip/wire.h"

namespace test {
namespace {

gossip::SecureChannelConfig channel_config(std::uint8_t key_number, const std::string& cluster) {
  gossip::SecureChannelConfig config;
  config.role = gossip::Role::kInitiator;
  config.handshake.prologue =
      "muster wire " + std::to_string(gossip::kWireVersion) + " cluster " + cluster;
  config.handshake.static_key = hostile_key(key_number);
  config.allowed = [](const gossip::PublicKey&) { return true; };
  return config;
}

gossip::Config of_test(std::vector<gossip::PeerConfig> peers, gossip::Config config) {
  config.cluster = "test";
  config.identity.bytes.fill(50);
  config.peers = std::move(peers);
  return config;
}

}  // namespace

gossip::PrivateKey hostile_key(std::uint8_t number) {
  gossip::PrivateKey key;
  key.bytes.fill(static_cast<std::uint8_t>(100 + number));
  return key;
}

gossip::PeerConfig hostile_config(std::uint8_t number, const std::string& name) {
  return {name, name + ":1", public_key_of(hostile_key(number))};
}

LonePeer::LonePeer(std::vector<gossip::PeerConfig> peers, gossip::Config config)
    : LonePeer(of_test(std::move(peers), std::move(config)), "victim", kRun) {}

LonePeer::LonePeer(gossip::Config config, const std::string& name, crdt::ReplicaId run)
    : config_(std::move(config)) {
  repository_.use(store_.begin());
  CHECK(repository_.open());
  repository_.begin_run(run);
  peer_.emplace(config_, name, crdt::Rng::Seed{9}, run, repository_);
  CHECK(store_.commit());
}

void LonePeer::batch(const std::function<void(gossip::Peer&, crdt::Repository&)>& body) {
  repository_.use(store_.begin());
  body(*peer_, repository_);
  peer_->batch_end(now_);
  CHECK(store_.commit());
  gossip::Output output = peer_->take_output();
  for (const gossip::Send& send : output.sends) sent_[send.link] += send.bytes;
  for (const gossip::LinkId link : output.closes) closed_.insert(link);
  for (const std::string& address : output.dials) dials_.push_back(address);
  for (const gossip::Notice& notice : output.notices) notices_.push_back(notice.text);
}

gossip::LinkId LonePeer::accept() { return dialled(""); }

gossip::LinkId LonePeer::dialled(const std::string& address) {
  const gossip::LinkId link{next_link_++};
  batch([&](gossip::Peer& peer, crdt::Repository&) { peer.link_opened(now_, link, address); });
  return link;
}

void LonePeer::bytes(gossip::LinkId link, crdt::BytesView bytes) {
  batch([&](gossip::Peer& peer, crdt::Repository&) { peer.link_bytes(now_, link, bytes); });
}

void LonePeer::ended(gossip::LinkId link) {
  batch([&](gossip::Peer& peer, crdt::Repository&) { peer.link_closed(now_, link, "ended"); });
}

void LonePeer::pass(crdt::Instant::duration time) {
  now_ += time;
  batch([&](gossip::Peer& peer, crdt::Repository&) { peer.wake(now_); });
}

void LonePeer::write(const std::string& key, const std::string& path, const std::string& value) {
  batch([&](gossip::Peer& peer, crdt::Repository& repository) {
    const auto document = repository.document(key);
    crdt::Edit edit(**document, kRun, {{0, 1}, "U1"}, {1}, repository.previous_context(key));
    edit.write(path, value);
    const crdt::Change change{{{key, edit.finish()}}, {}};
    const auto outcome = repository.apply(change);
    CHECK(outcome && outcome->applied == crdt::Applied::kApplied);
    peer.push(outcome->seq, change);
  });
}

std::map<crdt::Bytes, crdt::Bytes> LonePeer::data() const {
  std::map<crdt::Bytes, crdt::Bytes> data;
  for (const auto& [key, value] : store_.contents()) {
    if (key.front() != 'c' && key.front() != 'j' && key.front() != 'u') data.emplace(key, value);
  }
  return data;
}

gossip::PeerStatus LonePeer::status() {
  repository_.use(store_.begin());
  const gossip::PeerStatus status = peer_->status().front();
  store_.abort();
  return status;
}

HostilePeer::HostilePeer(LonePeer& victim, std::uint8_t key_number, std::string cluster)
    : victim_(victim),
      rng_(crdt::Rng::Seed{key_number}),
      channel_(channel_config(key_number, cluster), rng_) {}

void HostilePeer::shake_hands() {
  link_ = victim_.accept();
  victim_.bytes(link_, channel_.start());
  const auto received = channel_.receive(victim_.take_sent(link_));
  if (received && !received->to_send.empty()) victim_.bytes(link_, received->to_send);
}

void HostilePeer::begin(crdt::ReplicaId run) {
  shake_hands();
  say(gossip::Hello{gossip::kWireVersion, run, 0, "a friend"});
}

void HostilePeer::say_all(const std::vector<gossip::Message>& messages) {
  crdt::Bytes frame;
  for (const gossip::Message& message : messages) frame += encode(message);
  say_frame(frame);
}

void HostilePeer::say_frame(crdt::BytesView frame) { victim_.bytes(link_, channel_.seal(frame)); }

std::vector<gossip::Message> HostilePeer::hear() {
  const auto received = channel_.receive(victim_.take_sent(link_));
  CHECK(received);
  std::vector<gossip::Message> heard;
  for (const crdt::Bytes& frame : received->frames) {
    const auto messages = gossip::decode_frame(frame, names_);
    CHECK(messages);
    heard.insert(heard.end(), messages->begin(), messages->end());
  }
  return heard;
}

crdt::Change forged_change(crdt::ReplicaId run, std::uint64_t counter, const std::string& key) {
  crdt::Delta delta;
  if (counter > 1) delta.after = {{run, counter - 1}};
  delta.advance = {{run, counter}};
  delta.written = {{"p", {run, counter}, {1}, {{0, counter}, "U1"}, "forged"}};
  return {{{key, delta}}, {{"t" + key + std::to_string(counter), "forged"}}};
}

}  // namespace test

// LonePeer: one gossip::Peer with a store, whose links lead into the test. HostilePeer: what is at
// the other end of one of them: a real SecureChannel, and whoever says whatever it likes through
// it.
//
// Shape    every event of the LonePeer is one batch and one commit. Nothing moves by itself: bytes
//          for it are handed in, bytes from it wait until the HostilePeer hears them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crdt/repository.h"
#include "gossip/message.h"
#include "gossip/peer.h"
#include "gossip/secure_channel.h"
#include "node/memory_store.h"

namespace test {

class LonePeer {
 public:
  static constexpr crdt::ReplicaId kRun{77};

  // `config`: for its settings; who is who comes from here.
  explicit LonePeer(std::vector<gossip::PeerConfig> peers, gossip::Config config = {});
  LonePeer(gossip::Config config, const std::string& name, crdt::ReplicaId run);

  gossip::LinkId accept();
  gossip::LinkId dialled(const std::string& address);
  void bytes(gossip::LinkId link, crdt::BytesView bytes);
  void ended(gossip::LinkId link);
  void pass(crdt::Instant::duration time);  // And wakes it.
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const { return peer_->wake_at(); }
  void batch(const std::function<void(gossip::Peer&, crdt::Repository&)>& body);

  // Writes `value` as this peer's own change and pushes it.
  void write(const std::string& key, const std::string& path, const std::string& value);

  [[nodiscard]] crdt::Bytes take_sent(gossip::LinkId link) {
    return std::exchange(sent_[link], {});
  }
  [[nodiscard]] bool closed(gossip::LinkId link) const { return closed_.contains(link); }
  [[nodiscard]] std::vector<std::string> take_dials() { return std::exchange(dials_, {}); }
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }

  // The store without what cursors and runs leave in it: documents, records and their log.
  [[nodiscard]] std::map<crdt::Bytes, crdt::Bytes> data() const;
  [[nodiscard]] gossip::PeerStatus status();
  [[nodiscard]] gossip::PublicKey key() const { return public_key_of(config_.identity); }
  [[nodiscard]] crdt::Instant now() const { return now_; }

 private:
  gossip::Config config_;
  node::MemoryStore store_;
  crdt::Repository repository_;
  std::optional<gossip::Peer> peer_;
  crdt::Instant now_{std::chrono::seconds(1'000)};
  std::uint64_t next_link_ = 1;
  std::map<gossip::LinkId, crdt::Bytes> sent_;
  std::set<gossip::LinkId> closed_;
  std::vector<std::string> dials_;
  std::vector<std::string> notices_;
};

// The key of `number`, for a config and for its holder.
[[nodiscard]] gossip::PrivateKey hostile_key(std::uint8_t number);
[[nodiscard]] gossip::PeerConfig hostile_config(std::uint8_t number, const std::string& name);

class HostilePeer {
 public:
  static constexpr crdt::ReplicaId kRun{666};

  explicit HostilePeer(LonePeer& victim, std::uint8_t key_number = 1, std::string cluster = "test");

  // Connects, and goes as far as the victim lets it.
  void shake_hands();
  // As shake_hands, then a proper Hello.
  void begin(crdt::ReplicaId run = kRun);

  void say(const gossip::Message& message) { say_all({message}); }
  void say_all(const std::vector<gossip::Message>& messages);  // In one frame.
  void say_frame(crdt::BytesView frame);
  void say_bytes(crdt::BytesView bytes) { victim_.bytes(link_, bytes); }

  // All that the victim has said since the last call.
  [[nodiscard]] std::vector<gossip::Message> hear();
  // The first message of this kind among them.
  template <class Kind>
  [[nodiscard]] std::optional<Kind> hear_a() {
    for (const gossip::Message& message : hear()) {
      if (const auto* kind = std::get_if<Kind>(&message)) return *kind;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool dropped() const { return victim_.closed(link_); }
  [[nodiscard]] bool established() const { return channel_.established(); }
  [[nodiscard]] gossip::LinkId link() const { return link_; }
  [[nodiscard]] gossip::SecureChannel& channel() { return channel_; }

 private:
  LonePeer& victim_;
  crdt::Rng rng_;
  gossip::SecureChannel channel_;
  crdt::HeardNames names_;  // By the victim.
  gossip::LinkId link_;
};

// A change by `run`: its write number `counter` to document `key`.
[[nodiscard]] crdt::Change forged_change(crdt::ReplicaId run, std::uint64_t counter,
                                         const std::string& key = "k");

}  // namespace test

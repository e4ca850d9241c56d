#include "tests/gossip/recording.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "crdt/check.h"
#include "crdt/state_hash.h"
#include "gossip/wire.h"
#include "tests/support/hostile_peer.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Instant;
using What = Recording::What;

constexpr std::array<std::string_view, 5> kWhat{"made", "heard", "said", "lost", "ends"};

std::string hex(std::uint64_t value) { return crdt::to_hex(crdt::big_endian(value)); }

std::string state_of(const crdt::Document& document) {
  const crdt::StateHash hash = crdt::state_hash(document);
  return hex(hash.high) + hex(hash.low);
}

std::string digest_text(const crdt::StoreDigest& digest) { return hex(digest.hash); }

PrivateKey identity_of(const std::string& text) {
  const Bytes octets = crdt::from_hex(text);
  PrivateKey key;
  if (octets.size() != key.bytes.size()) throw std::runtime_error("an identity is malformed");
  std::copy(octets.begin(), octets.end(), key.bytes.begin());
  return key;
}

std::string text_of(const Recording::Member& member) {
  return member.name + " " + member.address + " " + crdt::to_hex(view_of(member.identity.bytes));
}

Recording::Event event_of(std::istringstream& in) {
  Recording::Event event;
  std::int64_t at = 0;
  std::string what;
  in >> at >> what;
  event.at = Instant(std::chrono::microseconds(at));
  const auto* const known = std::find(kWhat.begin(), kWhat.end(), what);
  if (known == kWhat.end()) throw std::runtime_error("nobody knows what \"" + what + "\" means");
  event.what = static_cast<What>(known - kWhat.begin());
  if (event.what != What::kMade && event.what != What::kEnds) in >> event.name;
  std::string octets;
  in >> octets;
  event.octets = crdt::from_hex(octets);
  return event;
}

Recording::Member member_of(std::istringstream& in) {
  Recording::Member member;
  std::string identity;
  in >> member.name >> member.address >> identity;
  member.identity = identity_of(identity);
  return member;
}

Bytes pushing(const crdt::Change& change) { return encode(Push{1, true, change}); }

}  // namespace

void configure(Config& config) { config.walk_after = std::chrono::seconds(3); }

std::string to_text(const Recording& recording) {
  std::ostringstream out;
  out << "# " << recording.title << "\n";
  out << "here " << text_of(recording.here) << " " << hex(recording.run.value) << "\n";
  for (const auto& peer : recording.peers) out << "peer " << text_of(peer) << "\n";
  for (const auto& event : recording.events) {
    out << "at " << event.at.time_since_epoch() / std::chrono::microseconds(1) << " "
        << kWhat.at(static_cast<std::size_t>(event.what));
    if (!event.name.empty()) out << " " << event.name;
    if (!event.octets.empty()) out << " " << crdt::to_hex(event.octets);
    out << "\n";
  }
  for (const auto& [key, state] : recording.documents)
    out << "document " << key << " " << state << "\n";
  out << "digest " << recording.digest << "\n";
  return out.str();
}

Recording recording_of(const std::string& text) {
  Recording recording;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream in(line);
    std::string first;
    std::string rest;
    in >> first;
    if (first == "#") {
      std::getline(in >> std::ws, recording.title);
    } else if (first == "here") {
      recording.here = member_of(in);
      in >> rest;
      recording.run.value = crdt::from_big_endian(crdt::from_hex(rest));
    } else if (first == "peer") {
      recording.peers.push_back(member_of(in));
    } else if (first == "at") {
      recording.events.push_back(event_of(in));
    } else if (first == "document") {
      std::string key;
      in >> key >> rest;
      recording.documents[key] = rest;
    } else if (first == "digest") {
      in >> recording.digest;
    } else {
      throw std::runtime_error("a line of a recording is malformed: " + line);
    }
  }
  return recording;
}

// --- recording ---

Recorder::Recorder(test::Mesh& mesh, std::string title, Filter filter) : mesh_(mesh) {
  recording_.title = std::move(title);
  const auto member = [&](std::size_t node) {
    return Recording::Member{std::string(1, static_cast<char>('a' + node)), std::to_string(node),
                             mesh.config(node).identity};
  };
  recording_.here = member(0);
  recording_.run = mesh.repository(0).run();
  for (std::size_t node = 1; node < mesh.size(); ++node) recording_.peers.push_back(member(node));
  mesh.watch([this](std::size_t node, const crdt::Change& change) {
    if (node == 0) recording_.events.push_back({mesh_.now(), What::kMade, "", pushing(change)});
  });
  mesh.tap([this, filter = std::move(filter)](std::size_t from, std::size_t to, BytesView frame) {
    Bytes passed = filter ? filter(from, to, frame) : Bytes(frame);
    if (from == 0) note(What::kSaid, to, passed);
    if (to == 0) note(What::kHeard, from, passed);
    return passed;
  });
}

void Recorder::note(What what, std::size_t node, BytesView octets) {
  if (octets.empty() && what != What::kLost) return;
  recording_.events.push_back(
      {mesh_.now(), what, recording_.peers.at(node - 1).name, Bytes(octets)});
}

void Recorder::cut(std::size_t node) {
  mesh_.cut(0, node);
  note(What::kLost, node, {});
}

void Recorder::restart(std::size_t node) {
  mesh_.restart(node);
  note(What::kLost, node, {});
}

Recording Recorder::finish(const std::vector<std::string>& keys) {
  recording_.events.push_back({mesh_.now(), What::kEnds, "", {}});
  for (const std::string& key : keys) {
    recording_.documents[key] = state_of(mesh_.document(0, key));
  }
  recording_.digest = digest_text(mesh_.digest(0));
  return std::move(recording_);
}

// --- playing ---

namespace {

class Player {
 public:
  explicit Player(const Recording& recording)
      : recording_(recording), lone_(config_of(recording), recording.here.name, recording.run) {}

  Played play() {
    for (const Recording::Event& event : recording_.events) {
      wait_until(event.at);
      if (event.what == What::kMade) make(event.octets);
      if (event.what == What::kHeard) hear(event.name, event.octets);
      if (event.what == What::kLost) lose(event.name);
      listen();
    }
    played_.notices = lone_.notices();
    lone_.batch([&](Peer&, crdt::Repository& repository) {
      for (const auto& [key, state] : recording_.documents) {
        played_.documents[key] = state_of(*repository.document(key).value());
      }
      played_.digest = digest_text(repository.digest());
    });
    return std::move(played_);
  }

 private:
  struct End {
    LinkId link;
    SecureChannel channel;
    crdt::HeardNames said;
    crdt::HeardNames heard;
    std::uint64_t incarnation = 0;  // As it last said.
  };

  static Config config_of(const Recording& recording) {
    Config config;
    configure(config);
    config.cluster = "test";
    config.identity = recording.here.identity;
    for (const auto& peer : recording.peers) {
      config.peers.push_back({peer.name, peer.address, public_key_of(peer.identity)});
    }
    return config;
  }

  void wait_until(Instant at) {
    while (lone_.now() < at) {
      const auto next = lone_.wake_at();
      const Instant soon = lone_.now() + std::chrono::milliseconds(1);
      const Instant to = next ? std::min(at, std::max(*next, soon)) : at;
      lone_.pass(to - lone_.now());
      listen();
    }
  }

  void make(const Bytes& frame) {
    crdt::HeardNames names;
    const auto made = decode_frame(frame, names);
    CHECK(made && made->size() == 1);
    const crdt::Change& change = std::get<Push>(made->front()).change;
    lone_.batch([&](Peer& peer, crdt::Repository& repository) {
      const auto outcome = repository.apply(change);
      CHECK(outcome && outcome->applied == crdt::Applied::kApplied);
      peer.push(outcome->seq, change);
    });
  }

  const Recording::Member& member(const std::string& name) const {
    return *std::find_if(recording_.peers.begin(), recording_.peers.end(),
                         [&](const auto& one) { return one.name == name; });
  }

  // The handshake, from whichever side it begins.
  void link(const std::string& name) {
    const Recording::Member& peer = member(name);
    const std::vector<std::string> dials = lone_.take_dials();
    dialled_.insert(dialled_.end(), dials.begin(), dials.end());
    const auto dialled = std::find(dialled_.begin(), dialled_.end(), peer.address);
    const bool dials_out = dialled != dialled_.end();
    SecureChannelConfig config;
    config.role = dials_out ? Role::kResponder : Role::kInitiator;
    config.handshake.prologue = link_prologue("test");
    config.handshake.static_key = peer.identity;
    config.allowed = [](const PublicKey&) { return true; };
    const LinkId link = dials_out ? lone_.dialled(peer.address) : lone_.accept();
    if (dials_out) dialled_.erase(dialled);
    const auto [end, fresh] =
        ends_.insert_or_assign(name, End{link, {std::move(config), rng_}, {}, {}, 0});
    const Bytes first = end->second.channel.start();
    if (!first.empty()) lone_.bytes(link, first);
    for (int messages = 0; messages < 3; ++messages) listen();
    CHECK(end->second.channel.established());
  }

  void hear(const std::string& name, const Bytes& frame) {
    for (const tests::SaidV1& said : ears_[name].hear(frame)) {
      if (said.name != "hello") continue;
      lose(name);
      link(name);
    }
    const auto end = ends_.find(name);
    CHECK(end != ends_.end());
    remember_incarnation(end->second, frame);
    lone_.bytes(end->second.link, end->second.channel.seal(frame));
  }

  void remember_incarnation(End& end, const Bytes& frame) {
    const auto heard = decode_frame(frame, end.said);
    CHECK(heard);
    for (const Message& message : *heard) {
      if (const Swim* swim = std::get_if<Swim>(&message)) end.incarnation = swim->incarnation;
    }
  }

  // Who is asked whether it is alive says so. When that is asked, and by which number, was drawn.
  void answer_probes(End& end, const Bytes& frame) {
    const auto heard = decode_frame(frame, end.heard);
    CHECK(heard);
    for (const Message& message : *heard) {
      const Swim* swim = std::get_if<Swim>(&message);
      if (swim == nullptr || swim->kind != SwimKind::kProbe || end.incarnation == 0) continue;
      const Swim ack{SwimKind::kAck, swim->number, {}, end.incarnation, false, 0, {}};
      lone_.bytes(end.link, end.channel.seal(encode(ack)));
    }
  }

  void lose(const std::string& name) {
    const auto end = ends_.find(name);
    if (end == ends_.end()) return;
    lone_.ended(end->second.link);
    ends_.erase(end);
  }

  void listen() {
    for (auto& [name, end] : ends_) {
      const auto received = end.channel.receive(lone_.take_sent(end.link));
      CHECK(received);
      if (!received->to_send.empty()) lone_.bytes(end.link, received->to_send);
      for (const Bytes& frame : received->frames) {
        answer_probes(end, frame);
        played_.said.push_back(frame);
      }
    }
  }

  const Recording& recording_;
  test::LonePeer lone_;
  crdt::Rng rng_{crdt::Rng::Seed{5}};
  std::map<std::string, End> ends_;
  std::map<std::string, tests::EarV1> ears_;
  std::vector<std::string> dialled_;
  Played played_;
};

}  // namespace

Played play(const Recording& recording) { return Player(recording).play(); }

}  // namespace gossip

#include "node/cli/demo_cluster.h"

#include <csignal>
#include <nlohmann/json.hpp>

#include "crdt/check.h"
#include "node/cli/loopback_port.h"
#include "node/cli/serve_process.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

std::pair<int, int> ordered(std::pair<int, int> pair) {
  return pair.first < pair.second ? pair : std::pair(pair.second, pair.first);
}

std::string_view without_end_of_line(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

// What the file holds; if there is none, it is written with `fresh`.
crdt::Result<TextFile> read_or_write(const std::filesystem::path& file, const std::string& fresh) {
  if (!std::filesystem::exists(file)) {
    if (auto written = write_new_file(file, fresh + "\n"); !written) return written.error();
  }
  auto held = read_text_file(file);
  if (held) held->text = without_end_of_line(held->text);
  return held;
}

crdt::Result<gossip::PrivateKey> identity_in(const std::filesystem::path& file) {
  crdt::Rng rng(seed_from_system());
  const auto text = read_or_write(file, gossip::exposed_hex(gossip::draw_private_key(rng)));
  if (!text) return text.error();
  return gossip::private_key_from_hex(text->text);
}

}  // namespace

crdt::Result<std::unique_ptr<DemoCluster>> DemoCluster::create(const Options& options) {
  std::unique_ptr<DemoCluster> cluster(new DemoCluster(options));
  if (auto done = cluster->lay_out(); !done) return done.error();
  return cluster;
}

DemoCluster::Peer& DemoCluster::at(int peer) {
  CHECK(peer >= 1 && peer <= size());
  return peers_[static_cast<std::size_t>(peer - 1)];
}

const DemoCluster::Peer& DemoCluster::at(int peer) const {
  CHECK(peer >= 1 && peer <= size());
  return peers_[static_cast<std::size_t>(peer - 1)];
}

std::filesystem::path DemoCluster::folder_of(int peer) const { return at(peer).folder; }

pid_t DemoCluster::pid_of(int peer) const {
  CHECK(at(peer).process);
  return at(peer).process->pid();
}

crdt::Result<void> DemoCluster::lay_out() {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) return crdt::Error("cannot make " + options_.folder.string() + ": " + error.message());
  options_.folder = std::filesystem::canonical(options_.folder);
  const crdt::Rng::Seed fresh = seed_from_system();
  const auto secret =
      read_or_write(options_.folder / "signing-secret",
                    crdt::to_hex({reinterpret_cast<const char*>(fresh.data()), fresh.size() / 2}));
  if (!secret) return secret.error();
  signing_secret_ = secret->text;
  for (int number = 1; number <= options_.peers; ++number) {
    Peer peer;
    peer.name = "peer-" + std::to_string(number);
    peer.folder = options_.folder / peer.name;
    std::filesystem::create_directories(peer.folder, error);
    if (error) return crdt::Error("cannot make " + peer.folder.string() + ": " + error.message());
    const auto identity = identity_in(peer.folder / "identity.key");
    if (!identity) return identity.error();
    peer.key = gossip::public_key_of(*identity);
    peers_.push_back(std::move(peer));
  }
  for (int number = 1; number <= size(); ++number) {
    if (auto taken = take_ports(number); !taken) return taken.error();
  }
  for (Peer& from : peers_) {
    for (Peer& to : peers_) {
      if (&from == &to) {
        from.lanes.push_back(0);
        continue;
      }
      const auto lane = relay_.open(to.peers_port);
      if (!lane) return lane.error();
      from.lanes.push_back(*lane);
    }
  }
  return {};
}

// Fresh ports for a peer that does not run, and its lanes led there.
crdt::Result<void> DemoCluster::take_ports(int number) {
  const auto ports = free_loopback_ports(3);
  if (!ports) return ports.error();
  Peer& peer = at(number);
  peer.slack_port = (*ports)[0];
  peer.admin_port = (*ports)[1];
  peer.peers_port = (*ports)[2];
  for (const Peer& from : peers_) {
    if (&from == &peer || from.lanes.empty()) continue;
    relay_.lead(from.lanes[static_cast<std::size_t>(number - 1)], peer.peers_port);
  }
  return {};
}

crdt::Result<void> DemoCluster::write_config(int number) const {
  const Peer& peer = at(number);
  nlohmann::json others = nlohmann::json::array();
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (&peers_[i] == &peer) continue;
    others.push_back(
        {{"name", peers_[i].name},
         {"address", loopback_address(options_.relayed ? peer.lanes[i] : peers_[i].peers_port)},
         {"public_key", gossip::to_hex(peers_[i].key)}});
  }
  const nlohmann::json config = {
      {"name", peer.name},
      {"letter", std::string(1, static_cast<char>('a' + number - 1))},
      {"data_dir", (peer.folder / "store").string()},
      {"identity_file", (peer.folder / "identity.key").string()},
      {"drain_ms", options_.drain.count()},
      {"slack",
       {{"listen", loopback_address(peer.slack_port)},
        {"signing_secret_file", (options_.folder / "signing-secret").string()}}},
      {"admin", {{"listen", loopback_address(peer.admin_port)}}},
      {"peers",
       {{"listen", loopback_address(peer.peers_port)}, {"cluster", "demo"}, {"list", others}}},
      {"log", {{"level", "info"}, {"file", (peer.folder / "log").string()}}},
  };
  std::error_code ignored;
  std::filesystem::remove(peer.folder / "config.json", ignored);
  return write_new_file(peer.folder / "config.json", config.dump(2) + "\n");
}

crdt::Result<void> DemoCluster::start(int number) {
  Peer& peer = at(number);
  if (running(number)) return crdt::Error("peer " + std::to_string(number) + " runs already");
  peer.slack.reset();
  peer.admin.reset();
  for (const std::uint16_t port : {peer.slack_port, peer.admin_port, peer.peers_port}) {
    if (is_free_on_loopback(port)) continue;
    if (auto taken = take_ports(number); !taken) return taken.error();
    break;
  }
  if (auto written = write_config(number); !written) return written.error();
  auto process = start_serving(options_.binary, peer.folder / "config.json", peer.folder / "output",
                               kReadyWithin);
  if (!process) {
    return crdt::Error("peer " + std::to_string(number) + ": " + process.error().message);
  }
  peer.process = std::move(*process);
  peer.slack.emplace("127.0.0.1", peer.slack_port, kAnswerWithin);
  AdminOptions admin;
  admin.data = (peer.folder / "store").string();
  auto client = AdminClient::open(admin, kAnswerWithin);
  if (!client) return client.error();
  peer.admin.emplace(std::move(*client));
  return {};
}

bool DemoCluster::stop(int peer) { return !running(peer) || at(peer).process->stop(kStopWithin); }

void DemoCluster::stop_all() {
  for (Peer& peer : peers_) {
    if (peer.process) peer.process->signal(SIGTERM);  // All at once, then wait for each.
  }
  for (int number = 1; number <= size(); ++number) stop(number);
}

void DemoCluster::kill(int peer) {
  if (running(peer)) at(peer).process->kill();
}

bool DemoCluster::running(int peer) { return at(peer).process && at(peer).process->running(); }

void DemoCluster::cut(std::pair<int, int> pair) {
  CHECK(options_.relayed);  // Otherwise nothing that could be cut lies between the peers.
  const auto [a, b] = ordered(pair);
  cuts_.insert({a, b});
  relay_.cut(at(a).lanes[static_cast<std::size_t>(b - 1)]);
  relay_.cut(at(b).lanes[static_cast<std::size_t>(a - 1)]);
}

void DemoCluster::heal(std::pair<int, int> pair) {
  const auto [a, b] = ordered(pair);
  cuts_.erase({a, b});
  relay_.heal(at(a).lanes[static_cast<std::size_t>(b - 1)]);
  relay_.heal(at(b).lanes[static_cast<std::size_t>(a - 1)]);
}

bool DemoCluster::is_cut(int a, int b) const { return cuts_.contains(ordered({a, b})); }

crdt::Result<HttpAnswer> DemoCluster::send(int peer, const HttpCall& call) {
  if (!running(peer)) return crdt::Error("peer " + std::to_string(peer) + " is down");
  return at(peer).slack->call(call);
}

crdt::Result<std::string> DemoCluster::status_text(int peer) {
  if (!running(peer)) return crdt::Error("peer " + std::to_string(peer) + " is down");
  auto answer = at(peer).admin->call("GET", "/status");
  if (!answer) return answer.error();
  if (answer->status != 200) {
    return crdt::Error("peer " + std::to_string(peer) + ": " + refusal_in(*answer).message);
  }
  return {boost::system::in_place_value, std::move(answer->body)};
}

crdt::Result<PeerStatus> DemoCluster::status(int peer) {
  const auto text = status_text(peer);
  if (!text) return text.error();
  return parse_peer_status(*text);
}

}  // namespace node::cli

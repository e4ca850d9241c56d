#include "node/cli/bench_cluster.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "crdt/check.h"
#include "node/cli/loopback_port.h"
#include "node/cli/node_files.h"
#include "node/cli/serve_process.h"
#include "node/clock.h"
#include "node/entropy.h"

namespace node::cli {
namespace {

constexpr std::chrono::milliseconds kAskEvery{100};  // While nothing is measured.

// "2026-11-20T23:24:13.120Z": the time of a line of a log; nullopt of any other line.
std::optional<crdt::WallTime> stamp_of(std::string_view line) {
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = -1;
    if (from + size <= line.size()) {
      std::from_chars(line.data() + from, line.data() + from + size, value);
    }
    return value;
  };
  if (line.size() < 25 || line[10] != 'T' || line[23] != 'Z') return std::nullopt;
  const std::chrono::sys_days day = std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2);
  const auto time = std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
                    std::chrono::seconds(number(17, 2)) + std::chrono::milliseconds(number(20, 3));
  return crdt::WallTime(
      std::chrono::duration_cast<crdt::WallClock::duration>(day.time_since_epoch() + time));
}

// Whether each of its peers that is alive is linked and has told and been told all.
bool is_settled(const nlohmann::json& status, std::size_t linked_wanted) {
  std::size_t linked = 0;
  for (const auto& peer : status.at("peers")) {
    if (peer.value("state", "") != "linked") continue;
    if (peer.value("lag", std::uint64_t{1}) > 0) return false;
    ++linked;
  }
  return linked >= linked_wanted;
}

}  // namespace

crdt::Result<std::unique_ptr<BenchCluster>> BenchCluster::create(
    const std::filesystem::path& folder, const std::filesystem::path& binary, int peers) {
  std::unique_ptr<BenchCluster> cluster(new BenchCluster(binary));
  if (const auto done = cluster->lay_out(folder, peers); !done) return done.error();
  return cluster;
}

BenchCluster::Peer& BenchCluster::at(int peer) {
  CHECK(peer >= 1 && peer <= size());
  return peers_[static_cast<std::size_t>(peer - 1)];
}

const BenchCluster::Peer& BenchCluster::at(int peer) const {
  CHECK(peer >= 1 && peer <= size());
  return peers_[static_cast<std::size_t>(peer - 1)];
}

crdt::Result<void> BenchCluster::lay_out(const std::filesystem::path& folder, int peers) {
  const auto ports = free_loopback_ports(3 * static_cast<std::size_t>(peers));
  if (!ports) return ports.error();
  crdt::Rng rng(seed_from_system());
  operator_seed_ = gossip::draw_signing_seed(rng);
  signing_secret_ = crdt::to_hex(crdt::big_endian(rng.next()));
  NodeFiles files;
  files.cluster = kCluster;
  files.signing_secret = signing_secret_;
  rng.fill(files.cluster_secret.bytes);
  files.membership.emplace();
  files.membership->operators = {verify_key_of(operator_seed_)};
  std::vector<gossip::PrivateKey> identities;
  for (int number = 1; number <= peers; ++number) {
    Peer peer;
    peer.folder = folder / ("peer-" + std::to_string(number));
    if (const auto made = make_dir(peer.folder); !made) return made;
    const auto identity = identity_in(peer.folder);
    if (!identity) return identity.error();
    identities.push_back(*identity);
    const std::string name = "peer-" + std::to_string(number);
    peer.member = {public_key_of(*identity),
                   verify_key_of(signing_seed_of(*identity)),
                   name,
                   loopback_address((*ports)[peers_.size()]),
                   default_letter(name),
                   gossip::RosterState::kActive,
                   1};
    files.membership->entries.push_back(
        to_record(kCluster, sign_as_operator(kCluster, peer.member, operator_seed_)));
    peers_.push_back(std::move(peer));
  }
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = peers_[i];
    peer.slack_port = (*ports)[peers_.size() + i];
    files.dir = peer.folder;
    files.name = peer.member.name;
    files.letter = peer.member.letter;
    files.address = peer.member.address;
    files.identity = identities[i];
    files.listens = {peer.member.address, loopback_address(peer.slack_port),
                     loopback_address((*ports)[2 * peers_.size() + i])};
    if (const auto written = write_files(files); !written) return written;
  }
  return {};
}

pid_t BenchCluster::pid_of(int peer) const {
  CHECK(at(peer).process);
  return at(peer).process->pid();
}

std::vector<pid_t> BenchCluster::processes() const {
  std::vector<pid_t> all;
  for (const Peer& peer : peers_) {
    if (peer.process) all.push_back(peer.process->pid());
  }
  return all;
}

crdt::Result<void> BenchCluster::start(int number) {
  Peer& peer = at(number);
  peer.admin.reset();
  auto process =
      start_serving(binary_, peer.folder / "config.json", peer.folder / "output", kReadyWithin);
  if (!process) return crdt::Error(peer.member.name + ": " + process.error().message);
  peer.process = std::move(*process);
  AdminOptions options;
  options.data = store_of(number);
  auto client = AdminClient::open(options, kAnswerWithin);
  if (!client) return client.error();
  peer.admin.emplace(std::move(*client));
  return {};
}

crdt::Result<void> BenchCluster::start_all() {
  for (int peer = 1; peer <= size(); ++peer) {
    if (const auto started = start(peer); !started) return started;
  }
  return {};
}

void BenchCluster::kill(int number) {
  Peer& peer = at(number);
  if (peer.process) peer.process->kill();
  peer.process.reset();
  peer.admin.reset();
}

AdminClient& BenchCluster::admin(int peer) {
  CHECK(at(peer).admin);
  return *at(peer).admin;
}

crdt::Result<void> BenchCluster::await_links(std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  const std::size_t others = processes().size() - 1;
  for (int peer = 1; peer <= size(); ++peer) {
    if (!at(peer).process) continue;
    for (;;) {
      const auto said = status(peer);
      if (!said) return said.error();
      if (is_settled(*said, others)) break;
      if (read_clock().steady > deadline) {
        return crdt::Error(name_of(peer) + " is not linked with all others after " +
                           std::to_string(patience.count() / 1000) + " s");
      }
      std::this_thread::sleep_for(kAskEvery);
    }
  }
  return {};
}

crdt::Result<void> BenchCluster::await_equal(int peer, int like,
                                             std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  for (;;) {
    const auto wanted = status(like);
    if (!wanted) return wanted.error();
    const auto held = status(peer);
    if (!held) return held.error();
    if (held->at("state_hash") == wanted->at("state_hash")) return {};
    if (read_clock().steady > deadline) {
      return crdt::Error(name_of(peer) + " does not hold what " + name_of(like) + " does after " +
                         std::to_string(patience.count() / 1000) + " s");
    }
    std::this_thread::sleep_for(kAskEvery / 10);
  }
}

crdt::Record BenchCluster::removal_of(int peer) const {
  gossip::Member member = at(peer).member;
  member.state = gossip::RosterState::kRemoved;
  member.version += 1;
  return to_record(kCluster, sign_as_operator(kCluster, member, operator_seed_));
}

void BenchCluster::read_logs(const OnLine& on_line) {
  for (int number = 1; number <= size(); ++number) {
    Peer& peer = at(number);
    std::error_code none_yet;
    const std::uintmax_t written = std::filesystem::file_size(peer.folder / "output", none_yet);
    if (none_yet || written == peer.log_read) continue;
    std::string text(written - peer.log_read, '\0');
    std::ifstream file(peer.folder / "output");
    file.seekg(static_cast<std::streamoff>(peer.log_read));
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    const std::size_t whole = text.rfind('\n') + 1;  // 0 where no line is.
    peer.log_read += whole;
    for (std::size_t from = 0; from < whole;) {
      const std::size_t end = text.find('\n', from);
      const std::string_view line = std::string_view(text).substr(from, end - from);
      if (const auto stamp = stamp_of(line)) on_line(number, *stamp, line.substr(25));
      from = end + 1;
    }
  }
}

}  // namespace node::cli

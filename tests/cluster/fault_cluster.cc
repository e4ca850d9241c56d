#include "tests/cluster/fault_cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "crdt/bytes.h"
#include "gossip/noise_keys.h"
#include "node/cli/admin_client.h"
#include "node/cli/loopback_port.h"
#include "node/http_client.h"
#include "node/text_file.h"
#include "tests/support/seed.h"

namespace tests {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kStrace = "/usr/bin/strace";
constexpr std::chrono::milliseconds kLookEvery{5};  // Between looks at what has no event.

// The variant for programs with threads, where Debian and its relatives put it.
std::string fake_clock_library() {
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu/faketime/", "/usr/lib64/faketime/",
                             "/usr/lib/aarch64-linux-gnu/faketime/", "/usr/lib/faketime/"}) {
    const std::string path = std::string(folder) + "libfaketimeMT.so.1";
    if (fs::exists(path)) return path;
  }
  return {};
}

// What a command is started behind to read its clock from this file, as in "+30" seconds. The usual
// allocators come in front of jemalloc, which reads the clock before libfaketime can answer and
// then waits for itself for ever.
std::vector<std::string> with_clock(const fs::path& file) {
  return {"/usr/bin/env", "LD_PRELOAD=" + fake_clock_library() + " libstdc++.so.6 libc.so.6",
          "FAKETIME_TIMESTAMP_FILE=" + file.string(), "FAKETIME_NO_CACHE=1",
          "FAKETIME_DONT_FAKE_MONOTONIC=1"};
}

std::string why_no_fake_clock() {
#ifndef MUSTER_POWER_LOSS_SHIM
  return "a sanitizer's runtime lets nothing be preloaded before it";
#endif
  if (fake_clock_library().empty()) return "no libfaketime";
  std::vector<std::string> command = with_clock("/nowhere");
  command.insert(command.end(), {MUSTER_BINARY, "--version"});
  auto process = node::cli::ChildProcess::start(command, "/dev/null");
  const bool works =
      process && process->wait(FaultCluster::kAnswerWithin) && process->ending() == "exit code 0";
  return works ? std::string() : "a libfaketime that does not live with this build";
}

void write_over(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::trunc) << text;
}

// Replaced whole: who reads it at any moment finds one of both.
void replace_file(const fs::path& file, const std::string& text) {
  const fs::path fresh = file.string() + ".new";
  write_over(fresh, text);
  fs::rename(fresh, file);
}

// True once `look` is, false after kPatience.
template <class Look>
bool wait_until(Look look) {
  const auto deadline = Clock::now() + FaultCluster::kPatience;
  while (!look()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

bool is_traced(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.find("TracerPid:\t0\n") == std::string::npos;
}

// Makes every fdatasync of the process an I/O error, from when it is traced until it is not.
crdt::Result<node::cli::ChildProcess> break_syncs_of(pid_t pid) {
  auto tracer = node::cli::ChildProcess::start(
      {kStrace, "-f", "-qq", "-o", "/dev/null", "-p", std::to_string(pid), "-e", "trace=fdatasync",
       "-e", "inject=fdatasync:error=EIO"},
      "/dev/null");
  if (tracer) wait_until([&] { return is_traced(pid) || !tracer->running(); });
  if (!tracer || is_traced(pid)) return tracer;
  return crdt::Error("a strace that may not attach");
}

std::string why_no_io_errors() {
  if (!fs::exists(kStrace)) return "no strace";
  auto sleeper = node::cli::ChildProcess::start({"/bin/sleep", "60"}, "/dev/null");
  if (!sleeper) return sleeper.error().message;
  const auto tracer = break_syncs_of(sleeper->pid());
  return tracer ? std::string() : tracer.error().message;
}

}  // namespace

std::string lacks(FaultKind kind) {
  if (kind == FaultKind::kClock) {
    static const std::string kWhy = why_no_fake_clock();
    return kWhy;
  }
  if (kind == FaultKind::kIoError) {
    static const std::string kWhy = why_no_io_errors();
    return kWhy;
  }
  return {};
}

FaultCluster::FaultCluster(int peers, std::uint64_t seed) : relay_(seed_of(seed)) {
  for (int number = 1; number <= peers; ++number) {
    peers_.emplace_back().folder = folder_.path() / ("peer-" + std::to_string(number));
    fs::create_directories(at(number).folder / "store");
  }
  mount_small_disk();
  if (auto done = lay_out(seed); !done) blame(done.error().message);
  for (int peer = 1; peer <= size() && problem_.empty(); ++peer) start(peer);
  const auto settled = problem_.empty() ? settle() : crdt::Error(problem_);
  if (!settled) blame(settled.error().message);
}

FaultCluster::~FaultCluster() {
  for (Peer& peer : peers_) {
    peer.tracer.reset();
    peer.process.reset();
    if (peer.mounted) ::umount2((peer.folder / "store").c_str(), MNT_DETACH);
  }
}

void FaultCluster::blame(const std::string& what) {
  if (problem_.empty()) problem_ = what;
}

crdt::Result<void> FaultCluster::lay_out(std::uint64_t seed) {
  crdt::Rng rng(seed_of(seed));
  signing_secret_ = crdt::to_hex(crdt::big_endian(rng.next()) + crdt::big_endian(rng.next()));
  if (auto written = node::write_new_file((folder_.path() / "signing-secret").string(),
                                          signing_secret_ + "\n");
      !written) {
    return written.error();
  }
  for (int number = 1; number <= size(); ++number) {
    const gossip::PrivateKey identity = gossip::draw_private_key(rng);
    at(number).key = gossip::to_hex(gossip::public_key_of(identity));
    const std::string file = (at(number).folder / "identity.key").string();
    auto written = node::write_new_file(file, gossip::exposed_hex(identity) + "\n");
    if (!written) return written.error();
    if (auto taken = take_ports(number); !taken) return taken.error();
  }
  for (Peer& from : peers_) {
    from.passages.resize(peers_.size());
    from.cut.resize(peers_.size());
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

// A mount namespace of this thread's own, so that no mount is left behind however the test ends.
void FaultCluster::mount_small_disk() {
  Peer& peer = at(small_disk_peer());
  if (::unshare(CLONE_NEWNS) != 0) return;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
  const std::string size = "mode=0700,size=" + std::to_string(kSmallDiskBytes);
  peer.mounted = ::mount("tmpfs", (peer.folder / "store").c_str(), "tmpfs", 0, size.c_str()) == 0;
}

// Fresh ports for a peer that does not run, and its lanes led there.
crdt::Result<void> FaultCluster::take_ports(int number) {
  const auto ports = node::cli::free_loopback_ports(3);
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

crdt::Result<void> FaultCluster::write_config(int number) const {
  using node::cli::loopback_address;
  constexpr std::uint64_t kNeverFree = std::uint64_t{1} << 44;  // The greatest that is accepted.
  const Peer& peer = at(number);
  nlohmann::json others = nlohmann::json::array();
  for (int other = 1; other <= size(); ++other) {
    if (other == number) continue;
    others.push_back(
        {{"name", "peer-" + std::to_string(other)},
         {"address", loopback_address(peer.lanes[static_cast<std::size_t>(other - 1)])},
         {"public_key", at(other).key}});
  }
  const bool reserve_all = peer.disk_full && !peer.mounted;
  const nlohmann::json config = {
      {"name", "peer-" + std::to_string(number)},
      {"letter", std::string(1, static_cast<char>('a' + number - 1))},
      {"data_dir", (peer.folder / "store").string()},
      {"identity_file", (peer.folder / "identity.key").string()},
      {"slack",
       {{"listen", loopback_address(peer.slack_port)},
        {"signing_secret_file", (folder_.path() / "signing-secret").string()}}},
      {"admin", {{"listen", loopback_address(peer.admin_port)}}},
      {"peers",
       {{"listen", loopback_address(peer.peers_port)}, {"cluster", "faults"}, {"list", others}}},
      {"store", {{"disk_reserve_bytes", reserve_all ? kNeverFree : 0}}},
      {"log", {{"level", "info"}, {"file", (peer.folder / "log").string()}}},
  };
  std::error_code ignored;
  fs::remove(peer.folder / "config.json", ignored);
  return node::write_new_file((peer.folder / "config.json").string(), config.dump(2) + "\n");
}

std::vector<std::string> FaultCluster::command_of(int number, int ready_fd) const {
  const Peer& peer = at(number);
  std::vector<std::string> command;
  if (has_faked_clock(number)) command = with_clock(peer.folder / "clock");
  command.insert(command.end(),
                 {MUSTER_BINARY, "serve", "--config", (peer.folder / "config.json").string(),
                  "--ready-fd", std::to_string(ready_fd)});
  return command;
}

crdt::Result<void> FaultCluster::launch(int number) {
  Peer& peer = at(number);
  for (const std::uint16_t port : {peer.slack_port.load(), peer.admin_port, peer.peers_port}) {
    if (node::cli::is_free_on_loopback(port)) continue;
    if (auto taken = take_ports(number); !taken) return taken.error();
    break;
  }
  if (auto written = write_config(number); !written) return written.error();
  if (!fs::exists(peer.folder / "clock")) write_over(peer.folder / "clock", "+0\n");
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return crdt::Error("no pipe is left");
  auto process = node::cli::ChildProcess::start(command_of(number, ready[1]),
                                                peer.folder / "output", ready[1]);
  ::close(ready[1]);
  char byte = 0;  // "ready ...", or the end of a process that would not start.
  pollfd entry{ready[0], POLLIN, 0};
  constexpr auto kMillis = std::chrono::milliseconds(kPatience).count();
  const bool up = process && ::poll(&entry, 1, static_cast<int>(kMillis)) > 0 &&
                  ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  if (!process) return process.error();
  peer.process = std::move(*process);
  if (up) return {};
  peer.process->kill();
  const auto output = node::read_text_file((peer.folder / "output").string());
  return crdt::Error("peer " + std::to_string(number) +
                     " did not start: " + (output ? output->text : output.error().message));
}

void FaultCluster::start(int number) {
  Peer& peer = at(number);
  if (peer.process && peer.process->running()) return;
  if (auto launched = launch(number); !launched) blame(launched.error().message);
}

void FaultCluster::set_lanes(int a, int b) {
  const auto ia = static_cast<std::size_t>(a - 1);
  const auto ib = static_cast<std::size_t>(b - 1);
  const bool cut = at(a).cut[ib];
  relay_.set(at(a).lanes[ib], {at(a).passages[ib], at(b).passages[ia], cut});
  relay_.set(at(b).lanes[ia], {at(b).passages[ia], at(a).passages[ib], cut});
}

void FaultCluster::set_passage(int from, int to, const Passage& passage) {
  at(from).passages[static_cast<std::size_t>(to - 1)] = passage;
  set_lanes(from, to);
}

void FaultCluster::cut(int a, int b) {
  at(a).cut[static_cast<std::size_t>(b - 1)] = at(b).cut[static_cast<std::size_t>(a - 1)] = true;
  set_lanes(a, b);
}

void FaultCluster::join(int a, int b) {
  at(a).cut[static_cast<std::size_t>(b - 1)] = at(b).cut[static_cast<std::size_t>(a - 1)] = false;
  set_lanes(a, b);
}

// A peer that would not start has none, and is blamed already.
void FaultCluster::kill(int peer) {
  if (at(peer).process) at(peer).process->kill();
}

void FaultCluster::stop(int peer) {
  if (at(peer).process) at(peer).process->signal(SIGSTOP);
}

void FaultCluster::go_on(int peer) {
  if (at(peer).process) at(peer).process->signal(SIGCONT);
}

void FaultCluster::fill_disk(int number) {
  Peer& peer = at(number);
  peer.disk_full = true;
  if (!peer.mounted) {
    kill(number);
    return start(number);
  }
  const std::string block(64 << 10, 'x');
  const std::string path = (peer.folder / "store" / "filler").string();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return blame("cannot fill the disk of peer " + std::to_string(number));
  while (::write(file, block.data(), block.size()) > 0) continue;
  ::close(file);
}

void FaultCluster::free_disk(int number) {
  Peer& peer = at(number);
  if (!std::exchange(peer.disk_full, false)) return;
  std::error_code ignored;
  if (peer.mounted) {
    fs::remove(peer.folder / "store" / "filler", ignored);
  } else {
    kill(number);
    start(number);
  }
}

void FaultCluster::break_syncs(int number) {
  Peer& peer = at(number);
  if (!peer.process->running()) return;
  auto tracer = break_syncs_of(peer.process->pid());
  if (!tracer && !peer.process->running()) return;  // It died meanwhile, as others make it.
  if (!tracer) return blame(tracer.error().message);
  peer.tracer = std::move(*tracer);
}

void FaultCluster::mend_syncs(int number) {
  Peer& peer = at(number);
  if (!peer.tracer) return;
  peer.tracer->stop(kPatience);
  peer.tracer.reset();
}

bool FaultCluster::has_faked_clock(int peer) const {
  // Whoever preloads something else wants it in every peer.
  if (std::getenv("LD_PRELOAD") != nullptr) return false;
  return peer % 2 == 0 && lacks(FaultKind::kClock).empty();
}

void FaultCluster::step_clock(int peer, std::chrono::seconds ahead) {
  const auto count = ahead.count();
  replace_file(at(peer).folder / "clock",
               (count < 0 ? "-" : "+") + std::to_string(std::abs(count)) + "\n");
}

void FaultCluster::heal_all() {
  for (int a = 1; a <= size(); ++a) {
    for (int b = 1; b <= size(); ++b) {
      if (a == b) continue;
      join(a, b);
      set_passage(a, b, {});
    }
    go_on(a);
    mend_syncs(a);
    free_disk(a);
    step_clock(a, std::chrono::seconds(0));
    start(a);
  }
}

crdt::Result<node::cli::PeerStatus> FaultCluster::status(int peer) const {
  node::cli::AdminOptions options;
  options.data = (at(peer).folder / "store").string();
  auto client = node::cli::AdminClient::open(options, kAnswerWithin);
  if (!client) return client.error();
  const auto answer = client->call("GET", "/status");
  if (!answer) return answer.error();
  if (answer->status != 200) return node::cli::refusal_in(*answer);
  return node::cli::parse_peer_status(answer->body);
}

crdt::Result<std::string> FaultCluster::settle() const {
  std::string hash;
  std::string obstacle;
  const bool settled = wait_until([&] {
    hash.clear();
    for (int peer = 1; peer <= size(); ++peer) {
      const auto seen = status(peer);
      const std::string name = "peer " + std::to_string(peer);
      obstacle = !seen             ? name + ": " + seen.error().message
                 : seen->read_only ? name + " refuses changes"
                                   : name + " and peer 1 differ";
      if (!seen || seen->read_only) return false;
      if (hash.empty()) hash = seen->state_hash;
      if (hash != seen->state_hash) return false;
    }
    return true;
  });
  if (settled) return {boost::system::in_place_value, std::move(hash)};
  return crdt::Error("the peers did not become equal: " + obstacle);
}

std::string FaultCluster::keep() {
  std::error_code ignored;
  for (const Peer& peer : peers_) {
    // What lies in a mount of this thread's goes with it.
    if (peer.mounted) {
      fs::copy(peer.folder / "store", peer.folder / "store-copy", ignored);
    }
  }
  return folder_.keep().string();
}

}  // namespace tests

#include "node/cli/doctor_probe.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "crdt/result.h"
#include "gossip/peer.h"
#include "gossip/secure_channel.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/host_port.h"
#include "node/tcp.h"

namespace node::cli {
namespace {

using Reached = PeerProbe::Reached;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

bool wait_for(int socket, short events, crdt::Instant deadline) {
  const auto left = deadline - read_clock().steady;
  pollfd entry{socket, events, 0};
  if (left <= left.zero()) return false;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return ::poll(&entry, 1, static_cast<int>(ms)) > 0;
}

// 0, or the errno of the failure.
int connect_within(int socket, const addrinfo& to, crdt::Instant deadline) {
  if (::connect(socket, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

crdt::Result<Descriptor> dial(const std::string& address, crdt::Instant deadline) {
  const auto parsed = parse_host_port(address);
  if (!parsed) return parsed.error();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(parsed->port);
  const int looked_up = ::getaddrinfo(parsed->host.c_str(), port.c_str(), &hints, &found);
  if (looked_up != 0)
    return crdt::Error("its name is not known: " + std::string(gai_strerror(looked_up)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    Descriptor socket(::socket(it->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = socket.number() < 0 ? errno : connect_within(socket.number(), *it, deadline);
    if (error == 0) return socket;
  }
  return crdt::Error(std::strerror(error));
}

// The handshake as an initiator, up to the responder's key.
class Handshaking {
 public:
  Handshaking(const std::string& cluster, const std::optional<gossip::PublicKey>& expected)
      : expected_(expected), rng_(seed_from_system()), channel_(config(cluster), rng_) {}

  PeerProbe run(int socket, crdt::Instant deadline) {
    const crdt::Bytes first = channel_.start();
    if (::send(socket, first.data(), first.size(), MSG_NOSIGNAL) < 0) {
      return {Reached::kSilent, std::strerror(errno)};
    }
    while (!proven_) {
      std::array<char, 4096> bytes{};
      if (!wait_for(socket, POLLIN, deadline)) return {Reached::kSilent, "no answer in time"};
      const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) return {Reached::kSilent, "it closed the connection at once"};
      const auto received = channel_.receive({bytes.data(), static_cast<std::size_t>(count)});
      if (!received && !proven_) return {Reached::kOtherCluster, received.error().message};
    }
    if (expected_ && *proven_ != *expected_) {
      return {Reached::kOtherKey, gossip::to_hex(*proven_)};
    }
    return {Reached::kPeer, {}};
  }

 private:
  gossip::SecureChannelConfig config(const std::string& cluster) {
    gossip::SecureChannelConfig config;
    config.role = gossip::Role::kInitiator;
    config.handshake.prologue = gossip::link_prologue(cluster);
    config.handshake.static_key = gossip::draw_private_key(rng_);
    config.allowed = [this](const gossip::PublicKey& key) {
      proven_ = key;
      return false;  // So the own key is never shown.
    };
    return config;
  }

  std::optional<gossip::PublicKey> expected_;
  std::optional<gossip::PublicKey> proven_;
  crdt::Rng rng_;
  gossip::SecureChannel channel_;
};

}  // namespace

PeerProbe probe_peer(const std::string& address, const std::string& cluster,
                     const std::optional<gossip::PublicKey>& expected,
                     std::chrono::milliseconds patience) {
  const crdt::Instant deadline = read_clock().steady + patience;
  const auto socket = dial(address, deadline);
  if (!socket) return {Reached::kNobody, socket.error().message};
  return Handshaking(cluster, expected).run(socket->number(), deadline);
}

std::string holder_of_store(const std::string& dir) {
  const Descriptor file(::open((dir + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return {};
  if (::flock(file.number(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  std::array<char, 32> bytes{};
  const ssize_t got = ::pread(file.number(), bytes.data(), bytes.size() - 1, 0);
  std::string pid(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

std::string why_no_listener(const std::string& address) {
  boost::asio::io_context io;
  const auto listening = listen_on(io, address);
  return listening ? "" : listening.error().message;
}

}  // namespace node::cli

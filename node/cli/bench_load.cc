#include "node/cli/bench_load.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "crdt/check.h"
#include "node/clock.h"

namespace node::cli {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kReceiveBytes = 64 << 10;  // A whole answer in one call.
constexpr int kEventsMax = 64;                   // One turn; more wait for the next.

crdt::Result<int> connect_to(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string where = host + ":" + std::to_string(port);
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return crdt::Error("cannot find " + where + ": " + ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int reason = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int socket = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket >= 0 && ::connect(socket, address->ai_addr, address->ai_addrlen) == 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::fcntl(socket, F_SETFL, O_NONBLOCK);
      return socket;
    }
    reason = errno;
    if (socket >= 0) ::close(socket);
  }
  return crdt::Error("cannot connect to " + where + ": " + std::strerror(reason));
}

}  // namespace

LoadGenerator::LoadGenerator(std::string host, std::uint16_t port)
    : host_(std::move(host)), port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  buffer_.resize(kReceiveBytes);
  ::prctl(PR_SET_TIMERSLACK, 1);  // The default lets an arrival come 50 us late.
}

LoadGenerator::~LoadGenerator() {
  for (const Connection& connection : connections_) {
    if (connection.socket >= 0) ::close(connection.socket);
  }
  if (epoll_ >= 0) ::close(epoll_);
}

crdt::Result<std::unique_ptr<LoadGenerator>> LoadGenerator::connect(const std::string& host,
                                                                    std::uint16_t port,
                                                                    std::size_t connections) {
  CHECK(connections > 0 && connections <= kConnectionsMax);
  std::unique_ptr<LoadGenerator> generator(new LoadGenerator(host, port));
  if (generator->epoll_ < 0) return crdt::Error("the kernel gives no epoll");
  generator->connections_.resize(connections);
  for (std::size_t i = 0; i < connections; ++i) {
    if (auto opened = generator->open(i); !opened) return opened.error();
  }
  return generator;
}

crdt::Result<void> LoadGenerator::open(std::size_t index) {
  Connection& connection = connections_[index];
  if (connection.socket >= 0) ::close(std::exchange(connection.socket, -1));
  const auto socket = connect_to(host_, port_);
  if (!socket) return socket.error();
  connection.socket = *socket;
  connection.answer.reset();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, *socket, &event) != 0) {
    return crdt::Error("cannot watch a connection: " + std::string(std::strerror(errno)));
  }
  return {};
}

LoadResult LoadGenerator::run(const SignedRequests& requests, const Plan& plan) {
  requests_ = &requests;
  plan_ = plan;
  result_ = {};
  planned_ = requests.size();
  if (plan.rate > 0) {
    const double arrivals = plan.rate * std::chrono::duration<double>(plan.duration).count();
    planned_ = std::min(planned_, static_cast<std::uint64_t>(arrivals));
  }
  result_.latencies.reserve(planned_);
  idle_.clear();
  for (std::size_t i = connections_.size(); i > 0; --i) idle_.push_back(i - 1);
  began_ = read_clock().steady;
  ends_ = began_ + plan.duration;
  crdt::Instant now = began_;
  for (start_due(now); busy_ > 0 || has_more(now); start_due(now)) {
    if (unreachable_ || now > ends_ + kDrain) break;
    wait(now);
    now = read_clock().steady;
  }
  result_.seconds = std::chrono::duration<double>(read_clock().steady - began_).count();
  result_.ran_out = plan.rate <= 0 && result_.sent >= planned_ && now < ends_;
  give_up_waiting();
  return std::move(result_);
}

crdt::Instant LoadGenerator::due_at(std::uint64_t arrival) const {
  return began_ +
         microseconds(static_cast<std::int64_t>(static_cast<double>(arrival) * 1e6 / plan_.rate));
}

// An open loop sends what fell due within its time even when that is over: it was asked for.
bool LoadGenerator::has_more(crdt::Instant now) const {
  return result_.sent < planned_ && (plan_.rate > 0 || now < ends_);
}

void LoadGenerator::start_due(crdt::Instant now) {
  while (!idle_.empty() && has_more(now) && !unreachable_) {
    const crdt::Instant due = plan_.rate > 0 ? due_at(result_.sent) : now;
    if (due > now) return;
    const std::size_t index = idle_.back();
    idle_.pop_back();
    send(index, due);
  }
}

void LoadGenerator::send(std::size_t index, crdt::Instant due) {
  Connection& connection = connections_[index];
  const std::string_view head = requests_->head();
  const std::string_view rest = requests_->rest(result_.sent++);
  connection.busy = true;
  connection.due = due;
  ++busy_;
  std::array<iovec, 2> pieces{{{const_cast<char*>(head.data()), head.size()},
                               {const_cast<char*>(rest.data()), rest.size()}}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  const ssize_t count = ::sendmsg(connection.socket, &message, MSG_NOSIGNAL);
  // The socket's buffer is empty: a request that does not fit is a connection that is gone.
  if (count == static_cast<ssize_t>(head.size() + rest.size())) return;
  failed(index, count < 0 ? std::strerror(errno) : "a request did not fit into the socket");
}

void LoadGenerator::wait(crdt::Instant now) {
  crdt::Instant until = ends_ + kDrain;
  if (plan_.rate > 0 && !idle_.empty() && has_more(now)) until = due_at(result_.sent);
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::max(until - now, crdt::Instant::duration::zero()));
  const timespec patience{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  std::array<epoll_event, kEventsMax> events;
  const int count = ::epoll_pwait2(epoll_, events.data(), kEventsMax, &patience, nullptr);
  for (int i = 0; i < count; ++i) {
    on_readable(static_cast<std::size_t>(events.at(static_cast<std::size_t>(i)).data.u64));
  }
}

void LoadGenerator::on_readable(std::size_t index) {
  Connection& connection = connections_[index];
  const ssize_t count = ::recv(connection.socket, buffer_.data(), buffer_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return failed(index, std::strerror(errno));
  if (count == 0) return failed(index, "the server closed a connection");
  if (!connection.busy) return failed(index, "an answer that nobody asked for");
  switch (connection.answer.put({buffer_.data(), static_cast<std::size_t>(count)})) {
    case AnswerReader::State::kMore:
      return;
    case AnswerReader::State::kBroken:
      return failed(index, std::string(connection.answer.problem()));
    case AnswerReader::State::kDone:
      return answered(index);
  }
}

void LoadGenerator::answered(std::size_t index) {
  Connection& connection = connections_[index];
  const crdt::Instant now = read_clock().steady;
  const int status = connection.answer.status();
  if (status != 200) {
    ++result_.errors;
    if (result_.first_error.empty()) {
      result_.first_error = "status " + std::to_string(status) + ": " +
                            std::string(connection.answer.body().substr(0, 200));
    }
  } else {
    ++result_.completed;
    result_.latencies.add(now - connection.due);
  }
  connection.busy = false;
  --busy_;
  const bool closes = connection.answer.closes();
  connection.answer.reset();
  if (closes && !open(index)) {
    unreachable_ = true;
    return;
  }
  if (plan_.rate <= 0 && has_more(now)) return send(index, now);
  idle_.push_back(index);
}

void LoadGenerator::failed(std::size_t index, const std::string& why) {
  Connection& connection = connections_[index];
  if (result_.first_error.empty()) result_.first_error = why;
  if (std::exchange(connection.busy, false)) {
    ++result_.errors;
    --busy_;
  } else {
    std::erase(idle_, index);
  }
  if (const auto opened = open(index); !opened) {
    result_.first_error += "; then " + opened.error().message;
    unreachable_ = true;
    return;
  }
  idle_.push_back(index);
}

// What is still open, or was due and never sent, had no answer.
void LoadGenerator::give_up_waiting() {
  const bool open_loop = plan_.rate > 0;
  const std::uint64_t unanswered = busy_ + (open_loop ? planned_ - result_.sent : 0);
  result_.errors += unanswered;
  if (unanswered > 0 && result_.first_error.empty()) {
    result_.first_error = std::to_string(unanswered) + " requests had no answer";
  }
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (!std::exchange(connections_[i].busy, false)) continue;
    --busy_;
    if (!open(i)) unreachable_ = true;
  }
}

}  // namespace node::cli

#include "node/http_client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "node/clock.h"

namespace node {
namespace {

constexpr std::size_t kReadBytes = 16 << 10;  // One answer of a slash command, with room.

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Milliseconds until the deadline as poll wants them, rounded up.
int poll_timeout(crdt::Instant deadline) {
  const auto left = deadline - read_clock().steady;
  if (left <= left.zero()) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

// True once `events` (or an error) are there, false at the deadline.
bool wait_for(int socket, short events, crdt::Instant deadline) {
  pollfd entry{socket, events, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, poll_timeout(deadline));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

// The status line and the headers; none if this is not HTTP/1.
std::optional<HttpAnswer> parse_head(std::string_view head) {
  HttpAnswer answer;
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return std::nullopt;
  const auto status = parse_number<int>(head.substr(9, 3));
  if (!status) return std::nullopt;
  answer.status = *status;
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos;) {
    const std::size_t start = line + 2;
    line = head.find("\r\n", start);
    const std::string_view text = head.substr(start, line - start);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) continue;
    answer.headers.emplace_back(lower(text.substr(0, colon)), trim(text.substr(colon + 1)));
  }
  return answer;
}

std::string render(const HttpCall& call, std::string_view host, std::uint16_t port) {
  std::string out;
  out.reserve(call.body.size() + 512);
  out.append(call.method).append(" ").append(call.target).append(" HTTP/1.1\r\nHost: ");
  out.append(host).append(":").append(std::to_string(port)).append("\r\n");
  for (const auto& [name, value] : call.headers) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (!call.body.empty() || call.method != "GET") {
    out.append("Content-Length: ").append(std::to_string(call.body.size())).append("\r\n");
  }
  return out.append("\r\n").append(call.body);
}

}  // namespace

crdt::Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) {
    return crdt::Error("https is the load balancer's work; give a peer's own http:// address");
  }
  if (!text.starts_with(kScheme)) {
    return crdt::Error("\"" + std::string(text) + "\" is no address; write http://host:port");
  }
  text.remove_prefix(kScheme.size());
  Url url;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) url.target = text.substr(slash);
  std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto port = parse_number<std::uint16_t>(authority.substr(colon + 1));
    if (!port || *port == 0) {
      return crdt::Error("\"" + std::string(authority.substr(colon + 1)) + "\" is no port");
    }
    url.port = *port;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return crdt::Error("the address names no host");
  url.host = authority;
  return url;
}

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

HttpClient::HttpClient(std::string host, std::uint16_t port, std::chrono::milliseconds timeout)
    : host_(std::move(host)), port_(port), timeout_(timeout) {}

HttpClient::~HttpClient() { close(); }

HttpClient::HttpClient(HttpClient&& other) noexcept
    : host_(std::move(other.host_)),
      port_(other.port_),
      timeout_(other.timeout_),
      socket_(std::exchange(other.socket_, -1)) {}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(host_, other.host_);
  std::swap(port_, other.port_);
  std::swap(timeout_, other.timeout_);
  std::swap(socket_, other.socket_);
  return *this;
}

crdt::Result<HttpAnswer> HttpClient::call(const HttpCall& call) { return exchange(call, nullptr); }

crdt::Result<HttpAnswer> HttpClient::stream(const HttpCall& call, const OnPart& on_part) {
  return exchange(call, &on_part);
}

crdt::Result<HttpAnswer> HttpClient::exchange(const HttpCall& call, const OnPart* on_part) {
  const Deadline deadline = read_clock().steady + timeout_;
  drop_stale_connection();
  if (socket_ < 0) {
    if (auto connected = connect(deadline); !connected) return connected.error();
  }
  if (auto sent = send(render(call, host_, port_), deadline); !sent) {
    close();
    return sent.error();
  }
  auto answer = receive(deadline, on_part);
  const bool keep = answer && lower(answer->header("connection")) != "close";
  if (!keep) close();
  return answer;
}

crdt::Error HttpClient::failed(std::string_view what) const {
  return crdt::Error(host_ + ":" + std::to_string(port_) + " " + std::string(what));
}

void HttpClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

// Between two calls a server has nothing to say: whatever can be read is its goodbye.
void HttpClient::drop_stale_connection() {
  if (socket_ >= 0 && wait_for(socket_, POLLIN, read_clock().steady)) close();
}

crdt::Result<void> HttpClient::connect(Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = ::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found);
  if (looked_up != 0) return failed("cannot be looked up: " + std::string(gai_strerror(looked_up)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::string reason = "has no address";
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    socket_ = ::socket(it->ai_family, it->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) continue;
    int error = ::connect(socket_, it->ai_addr, it->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      error = ETIMEDOUT;
      if (wait_for(socket_, POLLOUT, deadline)) {
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      const int on = 1;  // A request is one write; waiting to fill a segment only delays it.
      ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return {};
    }
    reason = "cannot be reached: " + std::string(std::strerror(error));
    close();
  }
  return failed(reason);
}

crdt::Result<void> HttpClient::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for(socket_, POLLOUT, deadline)) return failed("did not take the request in time");
    } else {
      return failed("closed the connection: " + std::string(std::strerror(errno)));
    }
  }
  return {};
}

// Appends what has come; false at the end of the stream.
crdt::Result<bool> HttpClient::read_more(std::string& buffer, Deadline deadline) {
  if (buffer.size() > kAnswerBytesMax) return failed("sent an answer beyond any reason");
  if (!wait_for(socket_, POLLIN, deadline)) return failed("did not answer in time");
  char bytes[kReadBytes];
  const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
  if (count == 0) return false;
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count < 0) return failed("closed the connection: " + std::string(std::strerror(errno)));
  buffer.append(bytes, static_cast<std::size_t>(count));
  return true;
}

crdt::Result<HttpAnswer> HttpClient::receive(Deadline deadline, const OnPart* on_part) {
  std::string buffer;
  std::size_t end = std::string::npos;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > kHeaderBytesMax) return failed("sent headers without an end");
    const auto more = read_more(buffer, deadline);
    if (!more) return more.error();
    if (!*more) return failed("closed the connection without an answer");
  }
  auto head = parse_head(std::string_view(buffer).substr(0, end));
  if (!head) return failed("does not speak HTTP");
  head->body = buffer.substr(end + 4);
  const bool chunked = lower(head->header("transfer-encoding")) == "chunked";
  const auto read = chunked ? read_chunks(*head, deadline, head->status == 200 ? on_part : nullptr)
                            : read_body(*head, deadline);
  if (!read) return read.error();
  return std::move(*head);
}

// REQUIRES that answer.body holds what came behind the headers.
crdt::Result<void> HttpClient::read_body(HttpAnswer& answer, Deadline deadline) {
  const std::string_view length = answer.header("content-length");
  const bool empty = answer.status == 204 || answer.status == 304;
  if (length.empty() && empty) return {};
  const auto wanted = length.empty() ? kAnswerBytesMax : parse_number<std::size_t>(length);
  if (!wanted || *wanted > kAnswerBytesMax) return failed("sent an answer of no sensible length");
  while (answer.body.size() < *wanted) {
    const auto more = read_more(answer.body, deadline);
    if (!more) return more.error();
    if (*more) continue;
    close();
    if (length.empty()) return {};  // The end of the stream is the end of the answer.
    return failed("closed the connection in the middle of its answer");
  }
  answer.body.resize(*wanted);
  return {};
}

crdt::Result<void> HttpClient::read_chunks(HttpAnswer& answer, Deadline deadline,
                                           const OnPart* on_part) {
  std::string rest = std::exchange(answer.body, {});
  for (;;) {
    const std::size_t line = rest.find("\r\n");
    if (line != std::string::npos) {
      const std::string_view digits(rest.data(), std::min(line, rest.find(';')));
      const auto size = parse_number<std::size_t>(digits, 16);
      if (!size || *size > kAnswerBytesMax - answer.body.size()) {
        return failed("sent a chunk of no sensible length");
      }
      if (rest.size() >= line + 2 + *size + 2) {
        answer.body.append(rest, line + 2, *size);
        rest.erase(0, line + 2 + *size + 2);
        if (*size == 0) return {};
        if (on_part == nullptr) continue;
        if (!(*on_part)(answer.body)) return failed("was sending more than was wanted");
        answer.body.clear();
        deadline = read_clock().steady + timeout_;
        continue;
      }
    }
    const auto more = read_more(rest, deadline);
    if (!more) return more.error();
    if (!*more) return failed("closed the connection in the middle of its answer");
  }
}

}  // namespace node

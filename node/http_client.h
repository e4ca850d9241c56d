// HttpClient: one blocking HTTP/1.1 connection to a peer, for the command line and the tests.
//
// Shape    call() sends one request and waits for the whole answer; the connection is kept for the
//          next call. By hand on POSIX sockets: a client that waits needs no event loop, and Beast
//          costs seconds per file.
// Size     an answer of kAnswerBytesMax at most, its headers kHeaderBytesMax of it.
// Errors   every failure is one sentence that names the address. Nothing is ever sent twice: a kept
//          connection that the server closed meanwhile is noticed before the request is written.
// Thread   one per client.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crdt/instant.h"
#include "crdt/result.h"

namespace node {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct Url {
  std::string host;
  std::uint16_t port = 80;
  std::string target = "/";
};

// "http://host[:port][/target]".
[[nodiscard]] crdt::Result<Url> parse_url(std::string_view text);

struct HttpCall {
  std::string method = "GET";
  std::string target = "/";
  HttpHeaders headers;  // Host and Content-Length are added.
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;  // Names in lower case.
  std::string body;

  // The first header of this lower-case name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  static constexpr std::size_t kAnswerBytesMax = 16 << 20;  // Far above any answer of a peer.
  static constexpr std::size_t kHeaderBytesMax = 64 << 10;  // What servers commonly allow.

  HttpClient(std::string host, std::uint16_t port, std::chrono::milliseconds timeout);
  ~HttpClient();

  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;

  // The timeout covers the whole call, connecting included.
  [[nodiscard]] crdt::Result<HttpAnswer> call(const HttpCall& call);

  // As call(), but hands on each part of a 200 that comes in chunks; the answer's body is empty
  // then. The timeout starts anew with each part. `on_part` says false to end it there: an Error.
  using OnPart = std::function<bool(std::string_view part)>;
  [[nodiscard]] crdt::Result<HttpAnswer> stream(const HttpCall& call, const OnPart& on_part);

 private:
  using Deadline = crdt::Instant;

  [[nodiscard]] crdt::Result<void> connect(Deadline deadline);
  [[nodiscard]] crdt::Result<void> send(std::string_view bytes, Deadline deadline);
  [[nodiscard]] crdt::Result<HttpAnswer> exchange(const HttpCall& call, const OnPart* on_part);
  [[nodiscard]] crdt::Result<HttpAnswer> receive(Deadline deadline, const OnPart* on_part);
  [[nodiscard]] crdt::Result<bool> read_more(std::string& buffer, Deadline deadline);
  [[nodiscard]] crdt::Result<void> read_body(HttpAnswer& answer, Deadline deadline);
  [[nodiscard]] crdt::Result<void> read_chunks(HttpAnswer& answer, Deadline deadline,
                                               const OnPart* on_part);
  [[nodiscard]] crdt::Error failed(std::string_view what) const;
  void drop_stale_connection();
  void close();

  std::string host_;
  std::uint16_t port_;
  std::chrono::milliseconds timeout_;
  int socket_ = -1;
};

}  // namespace node

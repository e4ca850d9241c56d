// HttpServer: one listener for HTTP/1.1. What is well-formed becomes an HttpRequest event; what a
// Replica answers goes back over the same connection. Paths are the Replica's matter.
//
// Shape    one HttpConnection per client; one timer sweeps them all every Options::sweep_every, so
//          that no request pays for a timer. HEAD is handed on as GET and answered without a body.
// Size     connections_max clients; kRefusedMax more are told 503, and beyond that none is spoken
//          to. Errors   malformed 400, too slow 408, too large 413 (judged before the body is read)
//          or 431; each closes the connection.
// Thread   one: the io_context's, which must not run any more when this is destroyed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "crdt/result.h"
#include "node/effects.h"
#include "node/http_parser.h"
#include "node/intake.h"

namespace node {

class HttpServer {
 public:
  struct Options {
    std::string address;  // "host:port"
    Listener listener = Listener::kPublic;
    bool log_requests = false;  // A debug line each.
    std::size_t body_bytes_max = 1 << 20;
    BodyTrust trust;  // Who may send a longer one; judged before any of it is read.
    std::size_t connections_max = 4096;

    // A client that is honest sends a head at once; a minute is what load balancers keep idle
    // connections for, so they close first.
    std::chrono::milliseconds head_timeout{10'000};
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds write_timeout{30'000};
    std::chrono::milliseconds linger_timeout{2'000};
    std::chrono::milliseconds sweep_every{500};
  };

  static constexpr std::size_t kRefusedMax = 64;

  [[nodiscard]] static crdt::Result<std::unique_ptr<HttpServer>> listen(boost::asio::io_context& io,
                                                                        const Options& options,
                                                                        Intake& intake);
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string address() const;  // With the port that was bound.
  [[nodiscard]] std::size_t connections() const;

  // False, and nothing happens, where the exchange is not, or no longer, open here; else `reply` is
  // taken over.
  bool reply(HttpReply& reply);
  bool part(const StreamPart& part);
  void drop_exchanges(ExchangeId first_kept);  // See Performer.

  // From now on every answer is the last on its connection, so that clients who keep theirs look
  // for another node. New connections are taken as before.
  void drain();

  // Accepts no more, ends streams, lets open exchanges be answered. `done` is called once no
  // connection is left.
  void stop(std::function<void()> done);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace node

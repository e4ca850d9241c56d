// HttpConnection: one client's socket, from accepting to closing, one exchange at a time.
//
// Shape    plain callbacks over a fixed read buffer. While an exchange is unanswered nothing is
//          read: pipelined requests wait in the buffer and in the kernel. Answers leave by one
//          write, tried at once. A recycled object keeps its buffers.
// Size     kReadBytes in; kStreamBacklogBytesMax of a stream that its client does not read.
// Errors   what cannot be parsed is answered once, then the connection lingers: it takes and
//          forgets what still arrives, so that the answer is not lost with a reset, and closes.
// Thread   one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "node/effects.h"
#include "node/http_head.h"
#include "node/http_parser.h"
#include "node/intake.h"
#include "node/tcp.h"

namespace node {

class HttpConnection;

// What a connection needs of its server.
class HttpHost {
 public:
  virtual ~HttpHost() = default;

  virtual Intake& intake() = 0;
  [[nodiscard]] virtual Listener listener() const = 0;
  [[nodiscard]] virtual bool draining() const = 0;  // An answer ends its connection.
  [[nodiscard]] virtual bool logs_requests() const = 0;
  [[nodiscard]] virtual std::string_view date() const = 0;
  [[nodiscard]] virtual std::uint64_t tick() const = 0;  // Counts sweeps.

  // The tick by which something that begins now must be over.
  enum class Patience { kIdle, kHead, kBody, kWrite, kLinger };
  [[nodiscard]] virtual std::uint64_t deadline(Patience patience) const = 0;

  virtual void exchange_began(ExchangeId exchange, HttpConnection& connection) = 0;
  virtual void exchange_ended(ExchangeId exchange) = 0;
  // Closed, and no handler refers to it any more. It may be reused, not before the next sweep.
  virtual void retired(HttpConnection& connection) = 0;
};

class HttpConnection {
 public:
  static constexpr std::size_t kReadBytes = 16 << 10;  // A whole head, and Slack's usual body.
  static constexpr std::size_t kStreamBacklogBytesMax = 1
                                                        << 20;  // A client this far behind is gone.
  static constexpr std::size_t kLingerBytesMax = 256 << 10;  // Then the answer was not waited for.

  HttpConnection(HttpHost& host, std::size_t body_bytes_max, BodyTrust trust, TcpExecutor executor);

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void open(TcpSocket socket);
  void refuse(int status, std::string_view text);

  // Of the exchange that this connection carries.
  void reply(HttpReply&& reply);
  void part(const StreamPart& part);
  void give_up();  // No Replica will answer it.

  void sweep();  // Once a tick.
  void stop();   // Closes now where nothing is under way, else after the answer.
  void close();

  std::size_t place = 0;  // In the server's list.

 private:
  enum class Stage { kIdle, kHead, kBody, kExchange, kStream, kLinger, kClosed };

  void read();
  void on_read(boost::system::error_code error, std::size_t count);
  void on_linger(std::size_t count);
  void parse();
  void mark_progress();
  void begin_exchange();
  void end_exchange();
  void next_request();
  void begin_linger();
  [[nodiscard]] HttpHead head_of(int status, std::string_view content_type) const;
  void flush();
  void write_later();
  void on_written(boost::system::error_code error, std::size_t count);
  void flushed();
  void watch();
  void on_watched(ExchangeId exchange, boost::system::error_code error);
  void retire_if_quiet();
  void log_answer(int status, std::size_t bytes);

  HttpHost& host_;
  TcpSocket socket_;
  HttpParser parser_;
  Stage stage_ = Stage::kClosed;
  std::uint64_t deadline_ = 0;  // A tick; 0 for none.
  int handlers_ = 0;            // Started and not yet called.

  std::array<char, kReadBytes> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::size_t lingered_ = 0;

  std::string out_;
  std::size_t out_sent_ = 0;
  bool writing_ = false;

  ExchangeId exchange_;  // Zero outside of kExchange and kStream.
  Uuid uuid_;
  std::uint64_t began_ = 0;  // Tick of the exchange.
  std::string line_;         // "POST /slack/commands", only where requests are logged.
  bool is_head_ = false;
  bool may_stream_ = false;
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool watching_ = false;
  bool more_waits_ = false;  // Pipelined bytes hide whether the client is still there.
};

}  // namespace node

#include "node/http_connection.h"

#include <boost/asio/buffer.hpp>
#include <cstring>
#include <utility>

#include "crdt/check.h"

namespace node {

using boost::system::error_code;
namespace asio = boost::asio;

namespace {

constexpr std::size_t kOutBytesKept = 64 << 10;  // Larger answers are rare: give their buffer back.
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kGiveUp =
    "{\"error\":\"the peer had to start over before it could answer; please try again\"}";

}  // namespace

HttpConnection::HttpConnection(HttpHost& host, std::size_t body_bytes_max, BodyTrust trust,
                               TcpExecutor executor)
    : host_(host), socket_(executor), parser_(body_bytes_max, std::move(trust)) {}

void HttpConnection::open(TcpSocket socket) {
  CHECK(stage_ == Stage::kClosed && handlers_ == 0);
  socket_ = std::move(socket);
  tune(socket_);
  parser_.reset();
  in_begin_ = in_end_ = lingered_ = out_sent_ = 0;
  out_.clear();
  writing_ = watching_ = more_waits_ = false;
  keep_alive_ = true;
  stage_ = Stage::kIdle;
  deadline_ = host_.deadline(HttpHost::Patience::kHead);
  read();
}

void HttpConnection::read() {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
  } else if (in_end_ == in_.size()) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= std::exchange(in_begin_, 0);
  }
  ++handlers_;
  socket_.async_read_some(asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
                          [this](error_code error, std::size_t count) { on_read(error, count); });
}

void HttpConnection::on_read(error_code error, std::size_t count) {
  --handlers_;
  if (stage_ == Stage::kClosed) return retire_if_quiet();
  if (error) return close();
  if (stage_ == Stage::kLinger) return on_linger(count);
  in_end_ += count;
  // An answer to what was refused is on its way: whatever comes now is not a request.
  if (stage_ == Stage::kIdle || stage_ == Stage::kHead || stage_ == Stage::kBody) parse();
}

void HttpConnection::on_linger(std::size_t count) {
  lingered_ += count;
  in_begin_ = in_end_ = 0;
  if (lingered_ > kLingerBytesMax) return close();
  read();
}

void HttpConnection::parse() {
  std::size_t taken = 0;
  const HttpParser::State state = parser_.put({in_.data() + in_begin_, in_end_ - in_begin_}, taken);
  in_begin_ += taken;
  switch (state) {
    case HttpParser::State::kDone:
      return begin_exchange();
    case HttpParser::State::kRefused:
      return refuse(parser_.refusal().status, parser_.refusal().text);
    case HttpParser::State::kContinue:
      out_ += kContinue;
      flush();
      if (stage_ == Stage::kClosed) return;
      [[fallthrough]];
    case HttpParser::State::kMore:
      if (in_end_ - in_begin_ == in_.size()) {
        parser_.refuse_long_line();
        return refuse(parser_.refusal().status, parser_.refusal().text);
      }
      mark_progress();
      return read();
  }
}

// Each stage has one deadline from its beginning: bytes that trickle in do not move it.
void HttpConnection::mark_progress() {
  if (parser_.head_done()) {
    if (stage_ != Stage::kBody) deadline_ = host_.deadline(HttpHost::Patience::kBody);
    stage_ = Stage::kBody;
  } else if (!parser_.untouched()) {
    if (stage_ != Stage::kHead) deadline_ = host_.deadline(HttpHost::Patience::kHead);
    stage_ = Stage::kHead;
  }
}

void HttpConnection::begin_exchange() {
  HttpRequest request = parser_.take();
  keep_alive_ = parser_.keep_alive();
  is_head_ = parser_.is_head();
  may_stream_ = parser_.may_stream();
  parser_.reset();
  request.exchange = exchange_ = host_.intake().next_exchange();
  request.uuid = uuid_ = host_.intake().next_uuid();
  request.listener = host_.listener();
  if (host_.logs_requests()) line_ = request.method + " " + request.target;
  stage_ = Stage::kExchange;
  deadline_ = 0;
  began_ = host_.tick();
  more_waits_ = in_begin_ != in_end_;
  host_.exchange_began(exchange_, *this);
  if (!host_.intake().submit(std::move(request))) {
    end_exchange();
    refuse(503, "too many requests are waiting; please try again");
  }
}

void HttpConnection::end_exchange() {
  host_.exchange_ended(std::exchange(exchange_, ExchangeId{}));
}

HttpHead HttpConnection::head_of(int status, std::string_view content_type) const {
  HttpHead head;
  head.status = status;
  head.content_type = content_type;
  head.date = host_.date();
  head.uuid = uuid_;
  head.wants_token = status == 401 && host_.listener() == Listener::kAdmin;
  if (!keep_alive_) {
    head.connection = "close";
  } else if (!may_stream_) {
    head.connection = "keep-alive";
  }
  return head;
}

void HttpConnection::reply(HttpReply&& reply) {
  if (stage_ != Stage::kExchange) return;
  keep_alive_ = keep_alive_ && !host_.draining();
  const bool streams = reply.streamed && !is_head_;
  if (reply.streamed) keep_alive_ = keep_alive_ && may_stream_;
  HttpHead head = head_of(reply.status, reply.content_type);
  chunked_ = head.chunked = streams && may_stream_;
  if (!reply.streamed) head.length = reply.body.size();
  append_head(out_, head);
  if (chunked_) {
    append_chunk(out_, reply.body);
  } else if (!is_head_) {
    out_ += reply.body;
  }
  if (host_.logs_requests()) log_answer(reply.status, reply.body.size());
  if (streams) {
    stage_ = Stage::kStream;
  } else {
    if (reply.streamed) static_cast<void>(host_.intake().submit(HttpGone{exchange_}));
    end_exchange();
  }
  flush();
}

void HttpConnection::part(const StreamPart& part) {
  if (stage_ != Stage::kStream) return;
  if (chunked_) {
    append_chunk(out_, part.bytes);
    if (part.last) append_last_chunk(out_);
  } else {
    out_ += part.bytes;
  }
  if (part.last) {
    keep_alive_ = keep_alive_ && chunked_ && !host_.draining();
    end_exchange();
    stage_ = Stage::kExchange;  // Answered; flushed() goes on from here.
  }
  if (out_.size() - out_sent_ > kStreamBacklogBytesMax && !part.last) return close();
  flush();
}

void HttpConnection::give_up() {
  if (stage_ == Stage::kStream) {
    // The end of a stream that nobody announced: clients of streams come back by themselves.
    end_exchange();
    return close();
  }
  HttpReply sorry;
  sorry.exchange = exchange_;
  sorry.status = 503;
  sorry.body = kGiveUp;
  reply(std::move(sorry));
}

void HttpConnection::refuse(int status, std::string_view text) {
  keep_alive_ = false;
  HttpHead head = head_of(status, "text/plain");
  head.uuid = {};
  head.length = text.size() + 1;
  append_head(out_, head);
  out_ += text;
  out_ += '\n';
  stage_ = Stage::kExchange;
  flush();
}

void HttpConnection::flush() {
  if (writing_) return;
  while (out_sent_ < out_.size()) {
    error_code error;
    out_sent_ +=
        socket_.write_some(asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_), error);
    if (error == asio::error::would_block) return write_later();
    if (error) return close();
  }
  flushed();
}

void HttpConnection::write_later() {
  writing_ = true;
  deadline_ = host_.deadline(HttpHost::Patience::kWrite);
  ++handlers_;
  socket_.async_write_some(
      asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_),
      [this](error_code error, std::size_t count) { on_written(error, count); });
}

void HttpConnection::on_written(error_code error, std::size_t count) {
  --handlers_;
  if (stage_ == Stage::kClosed) return retire_if_quiet();
  if (error) return close();
  writing_ = false;
  out_sent_ += count;
  flush();
}

void HttpConnection::flushed() {
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kOutBytesKept) out_.shrink_to_fit();
  if (stage_ == Stage::kStream) deadline_ = 0;
  if (stage_ != Stage::kExchange || exchange_ != ExchangeId{}) return;
  if (!keep_alive_) return begin_linger();
  next_request();
}

void HttpConnection::next_request() {
  stage_ = Stage::kIdle;
  deadline_ = host_.deadline(HttpHost::Patience::kIdle);
  if (in_begin_ == in_end_) return read();
  parse();
}

void HttpConnection::begin_linger() {
  error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  stage_ = Stage::kLinger;
  deadline_ = host_.deadline(HttpHost::Patience::kLinger);
  in_begin_ = in_end_ = 0;
  // A refused connection was already reading when it was opened.
  if (handlers_ == 0 || watching_) read();
}

void HttpConnection::sweep() {
  if (deadline_ != 0 && host_.tick() >= deadline_) {
    if (stage_ != Stage::kHead && stage_ != Stage::kBody) return close();
    return refuse(408, "the request did not arrive in time");
  }
  const bool open = exchange_ != ExchangeId{};
  if (open && !watching_ && !more_waits_ && host_.tick() > began_) watch();
}

// Costs a system call, so only exchanges that outlast a sweep get it.
void HttpConnection::watch() {
  watching_ = true;
  ++handlers_;
  socket_.async_wait(TcpSocket::wait_read, [this, exchange = exchange_](error_code error) {
    on_watched(exchange, error);
  });
}

void HttpConnection::on_watched(ExchangeId exchange, error_code error) {
  --handlers_;
  watching_ = false;
  if (stage_ == Stage::kClosed) return retire_if_quiet();
  if (error || exchange != exchange_) return;
  char octet;
  error_code peeked;
  socket_.receive(asio::buffer(&octet, 1), TcpSocket::message_peek, peeked);
  if (peeked == asio::error::would_block) return;
  if (peeked) return close();
  more_waits_ = true;
}

void HttpConnection::stop() {
  if (stage_ == Stage::kIdle) return close();
  keep_alive_ = false;
  if (stage_ != Stage::kStream) return;
  static_cast<void>(host_.intake().submit(HttpGone{exchange_}));
  part(StreamPart{exchange_, {}, true});
}

void HttpConnection::close() {
  if (stage_ == Stage::kClosed) return;
  stage_ = Stage::kClosed;
  deadline_ = 0;
  if (exchange_ != ExchangeId{}) {
    static_cast<void>(host_.intake().submit(HttpGone{exchange_}));
    end_exchange();
  }
  error_code ignored;
  socket_.close(ignored);
  retire_if_quiet();
}

void HttpConnection::retire_if_quiet() {
  if (handlers_ == 0) host_.retired(*this);
}

void HttpConnection::log_answer(int status, std::size_t bytes) {
  host_.intake().note({Level::kDebug, uuid_,
                       line_ + " " + std::to_string(status) + " " + std::to_string(bytes) +
                           (bytes == 1 ? " byte" : " bytes")});
}

}  // namespace node

#include "node/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

#include "crdt/check.h"

namespace node {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using boost::beast::string_view;
using boost::system::error_code;

// Where an attacker repeats a header for ever, the head's own limit ends it; this keeps what is
// handed on small. Two are enough to see that it was doubled.
constexpr std::size_t kRepeatsMax = 2;

class Sink final : public http::basic_parser<true> {
 public:
  explicit Sink(const BodyTrust& trust) : trust_(trust) {}

  HttpRequest request;
  int version = 0;  // 10 or 11.
  bool is_head = false;
  bool expects_continue = false;

 private:
  void on_request_impl(http::verb verb, string_view method, string_view target, int number,
                       error_code&) override {
    version = number;
    is_head = verb == http::verb::head;
    request.method = is_head ? string_view("GET") : method;
    request.target = target;
  }

  void on_response_impl(int, string_view, int, error_code&) override { CHECK(false); }

  void on_field_impl(http::field field, string_view name, string_view value, error_code&) override {
    if (field == http::field::content_type) {
      request.content_type = value;
    } else if (field == http::field::authorization) {
      request.authorization = value;
      if (trust_.knows && trust_.knows(value)) body_limit(trust_.bytes_max);
    } else if (field == http::field::expect) {
      expects_continue = iequals(value, "100-continue");
    } else if (field == http::field::unknown && name.size() > 8 && (name[0] | 0x20) == 'x') {
      if (iequals(name, "X-Slack-Signature")) {
        keep(request.signatures, value);
      } else if (iequals(name, "X-Slack-Request-Timestamp")) {
        keep(request.timestamps, value);
      }
    }
  }

  static void keep(std::vector<std::string>& values, string_view value) {
    if (values.size() < kRepeatsMax) values.emplace_back(value);
  }

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // Within the limit: longer ones were refused with the header.
    if (length) request.body.reserve(*length);
  }

  std::size_t on_body_impl(string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(error_code&) override {}

  const BodyTrust& trust_;
};

}  // namespace

class HttpParser::Beast {
 public:
  Beast(std::size_t limit, BodyTrust who) : body_bytes_max(limit), trust(std::move(who)) {
    renew();
  }

  void renew() {
    sink.emplace(trust);
    sink->header_limit(kHeadBytesMax);
    sink->body_limit(body_bytes_max);
    sink->eager(true);
    head_bytes = 0;
    refusal = {};
    continued = false;
  }

  State refuse(int status, std::string_view text) {
    refusal = {status, text};
    return State::kRefused;
  }

  State refuse(const error_code& error) {
    if (error == http::error::body_limit) return refuse(413, "the body is too large");
    if (error == http::error::header_limit) return refuse(431, "the header is too large");
    return refuse(400, "this is not an HTTP/1.1 request");
  }

  const std::size_t body_bytes_max;
  const BodyTrust trust;
  std::optional<Sink> sink;
  std::size_t head_bytes = 0;
  bool continued = false;
  Refusal refusal;
};

HttpParser::HttpParser(std::size_t body_bytes_max, BodyTrust trust)
    : beast_(std::make_unique<Beast>(body_bytes_max, std::move(trust))) {}

HttpParser::~HttpParser() = default;

HttpParser::State HttpParser::put(std::string_view bytes, std::size_t& taken) {
  Sink& sink = *beast_->sink;
  while (!bytes.empty()) {
    error_code error;
    const bool in_head = !sink.is_header_done();
    const std::size_t count = sink.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    taken += count;
    bytes.remove_prefix(count);
    if (error && error != http::error::need_more) return beast_->refuse(error);
    if (in_head && !sink.is_header_done()) {
      // Beast limits what it has not yet taken; lines that came one by one add up here.
      beast_->head_bytes += count;
      if (beast_->head_bytes + bytes.size() > kHeadBytesMax) {
        return beast_->refuse(http::error::header_limit);
      }
    }
    if (error) break;
    if (sink.is_done()) return State::kDone;
    if (count == 0) break;
  }
  if (sink.is_header_done() && sink.expects_continue && sink.request.body.empty() &&
      !std::exchange(beast_->continued, true)) {
    return State::kContinue;
  }
  return State::kMore;
}

HttpParser::State HttpParser::refuse_long_line() {
  return beast_->refuse(head_done() ? error_code(http::error::bad_chunk)
                                    : error_code(http::error::header_limit));
}

HttpRequest HttpParser::take() {
  CHECK(beast_->sink->is_done());
  return std::move(beast_->sink->request);
}

bool HttpParser::keep_alive() const { return beast_->sink->keep_alive(); }
bool HttpParser::is_head() const { return beast_->sink->is_head; }
bool HttpParser::may_stream() const { return beast_->sink->version >= 11; }
HttpParser::Refusal HttpParser::refusal() const { return beast_->refusal; }
bool HttpParser::untouched() const { return !beast_->sink->got_some(); }
bool HttpParser::head_done() const { return beast_->sink->is_header_done(); }

void HttpParser::reset() { beast_->renew(); }

}  // namespace node

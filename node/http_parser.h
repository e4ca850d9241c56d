// HttpParser: reads one HTTP/1 request after the other out of the bytes of a connection.
//
// Shape    sans-IO. put() takes bytes and says how far it came; after kDone, take() gives the
//          request and reset() makes it ready for the next one. Beast's parser, fed by hand: it
//          keeps of the header only what an HttpRequest has room for, and allocates nothing else.
// Size     a head of kHeadBytesMax; a body of body_bytes_max, judged by Content-Length before any
//          of it is read, and chunk by chunk where there is none.
// Errors   Refusal: the status to answer before the connection is closed. Nothing after it can be
//          trusted to be where a request begins.
// Source   RFC 9112.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "node/event.h"

namespace node {

// Whoever shows an Authorization header that `knows` may send a body of so much.
struct BodyTrust {
  std::function<bool(std::string_view authorization)> knows;  // Empty: nobody.
  std::size_t bytes_max = 0;
};

class HttpParser {
 public:
  static constexpr std::size_t kHeadBytesMax = 8 << 10;  // Slack sends one; proxies add another.

  enum class State {
    kMore,      // Everything usable was taken: more bytes are needed.
    kContinue,  // As kMore, and the client waits for "100 Continue" before it sends the body.
    kDone,
    kRefused,
  };
  struct Refusal {
    int status = 0;
    std::string_view text;  // One sentence; static.
  };

  explicit HttpParser(std::size_t body_bytes_max, BodyTrust trust = {});
  ~HttpParser();

  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Takes a prefix of `bytes` and adds its length to `taken`; the caller hands in the rest again
  // with what follows. REQUIRES the request is not done and not refused.
  State put(std::string_view bytes, std::size_t& taken);

  // The caller's buffer is full, and put() still wants the rest of a line.
  State refuse_long_line();

  // Of the request that is done. Fields that only a server knows are left alone.
  [[nodiscard]] HttpRequest take();
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_head() const;  // HEAD: take() says GET, the answer goes without its body.
  [[nodiscard]] bool may_stream() const;  // HTTP/1.1 knows chunks.
  [[nodiscard]] Refusal refusal() const;
  [[nodiscard]] bool untouched() const;  // Not a byte of a request yet.
  [[nodiscard]] bool head_done() const;

  void reset();

 private:
  class Beast;
  std::unique_ptr<Beast> beast_;
};

}  // namespace node

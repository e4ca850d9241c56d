// The HTTP parser: wherever the bytes are cut, the same requests come out.
#include <algorithm>
#include <vector>

#include "node/http_parser.h"
#include "tests/fuzz/target.h"

namespace {

using node::HttpParser;

constexpr std::size_t kBodyBytesMax = 1'000;
constexpr std::size_t kBufferBytes = 16 << 10;  // As a connection's.

// Requests in order, up to a refusal, as a connection would see them. When it refuses depends on
// the cuts: a line that is wrong in its middle may be judged at its end.
std::vector<node::HttpRequest> requests_in(crdt::BytesView bytes, std::size_t piece) {
  std::vector<node::HttpRequest> requests;
  HttpParser parser(kBodyBytesMax);
  crdt::Bytes buffer;
  while (!bytes.empty()) {
    const std::size_t count = std::min({piece, bytes.size(), kBufferBytes - buffer.size()});
    buffer += bytes.substr(0, count);
    bytes.remove_prefix(count);
    for (bool more = true; more;) {
      std::size_t taken = 0;
      const HttpParser::State state = parser.put(buffer, taken);
      CHECK(taken <= buffer.size());
      buffer.erase(0, taken);
      if (state == HttpParser::State::kRefused || buffer.size() == kBufferBytes) return requests;
      more = state == HttpParser::State::kDone;
      if (!more) break;
      requests.push_back(parser.take());
      CHECK(requests.back().body.size() <= kBodyBytesMax);
      parser.reset();
      more = !buffer.empty();
    }
  }
  return requests;
}

}  // namespace

FUZZ_TARGET(http) {
  const std::size_t piece = 1 + fuzz::take_octet(bytes);
  CHECK(requests_in(bytes, kBufferBytes) == requests_in(bytes, piece));
}

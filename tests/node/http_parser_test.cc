#include "node/http_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using node::HttpParser;
using node::HttpRequest;
using State = HttpParser::State;

constexpr std::string_view kRequest =
    "POST /slack/commands HTTP/1.1\r\nHost: muster.example\r\nX-Slack-Signature: v0=abc\r\n"
    "Transfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n20\r\n=xyzzy&team_id=T0001&text=hello!\r\n"
    "0\r\n\r\n";

// Hands `bytes` over in pieces, and what was not taken again with the next, as a connection does.
State feed(HttpParser& parser, std::string_view bytes, const std::vector<std::size_t>& cuts) {
  std::string buffer;
  State state = State::kMore;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    buffer += bytes.substr(from, cut - from);
    from = cut;
    std::size_t taken = 0;
    state = parser.put(buffer, taken);
    buffer.erase(0, taken);
    if (state != State::kMore) break;
  }
  return state;
}

TEST(HttpParser, ReadsTheSameRequestWhereverTheBytesAreCut) {
  HttpParser whole(1000);
  ASSERT_EQ(feed(whole, kRequest, {kRequest.size()}), State::kDone);
  const HttpRequest expected = whole.take();
  EXPECT_EQ(expected.body, "token=xyzzy&team_id=T0001&text=hello!");
  for (std::size_t cut = 1; cut < kRequest.size(); ++cut) {
    HttpParser parser(1000);
    ASSERT_EQ(feed(parser, kRequest, {cut, kRequest.size()}), State::kDone) << cut;
    EXPECT_EQ(parser.take(), expected) << cut;
  }
}

TEST(HttpParser, ReadsARequestThatComesOctetByOctet) {
  std::vector<std::size_t> cuts(kRequest.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i + 1;
  HttpParser parser(1000);
  ASSERT_EQ(feed(parser, kRequest, cuts), State::kDone);
  EXPECT_EQ(parser.take().signatures, std::vector<std::string>{"v0=abc"});
}

TEST(HttpParser, TakesNothingOfTheNextRequest) {
  HttpParser parser(1000);
  const std::string two = std::string(kRequest) + std::string(kRequest);
  std::size_t taken = 0;
  ASSERT_EQ(parser.put(two, taken), State::kDone);
  EXPECT_EQ(taken, kRequest.size());
}

TEST(HttpParser, KeepsNoMoreThanTwoOfARepeatedHeader) {
  HttpParser parser(1000);
  std::string request = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) request += "X-Slack-Signature: v0=" + std::to_string(i) + "\r\n";
  request += "\r\n";
  std::size_t taken = 0;
  ASSERT_EQ(parser.put(request, taken), State::kDone);
  EXPECT_EQ(parser.take().signatures, (std::vector<std::string>{"v0=0", "v0=1"}));
}

RC_GTEST_PROP(HttpParser, AnyBytesEndInAState, (std::string bytes)) {
  HttpParser parser(1000);
  bytes = *rc::gen::element<std::string>("", "GET ", "GET / HTTP/1.1\r\n",
                                         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                         "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n") +
          bytes;
  std::size_t taken = 0;
  parser.put(bytes, taken);
  RC_ASSERT(taken <= bytes.size());
}

}  // namespace

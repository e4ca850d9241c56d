#include "node/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/io_loop.h"
#include "tests/node/raw_client.h"

namespace {

using node::ExchangeId;
using node::HttpGone;
using node::HttpReply;
using node::HttpRequest;
using node::HttpServer;
using node::StreamPart;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::IoLoop;
using tests::RawClient;
using namespace std::chrono_literals;

constexpr const char* kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  ~HttpServerTest() override { loop_.stop(); }

  void listen(HttpServer::Options options = {}) {
    options.address = "127.0.0.1:0";
    loop_.on_loop([&] {
      auto server = HttpServer::listen(loop_.io, options, loop_);
      ASSERT_TRUE(server) << server.error().message;
      server_ = std::move(*server);
    });
  }

  // Timeouts that a test can wait for.
  static HttpServer::Options impatient() {
    HttpServer::Options options;
    options.sweep_every = 5ms;
    return options;
  }

  void answer(ExchangeId exchange, const std::string& body, bool streamed = false) {
    HttpReply reply;
    reply.exchange = exchange;
    reply.content_type = "text/plain";
    reply.body = body;
    reply.streamed = streamed;
    loop_.on_loop([&] { server_->reply(reply); });
  }

  void part(ExchangeId exchange, const std::string& bytes, bool last = false) {
    loop_.on_loop([&] { server_->part(StreamPart{exchange, bytes, last}); });
  }

  HttpRequest request() { return loop_.next<HttpRequest>(); }
  std::string address() const { return server_->address(); }

  IoLoop loop_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandsOnWhatAReplicaNeedsOfARequest) {
  listen();
  RawClient client(address());
  client.send(
      "POST /slack/commands?x=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/x; "
      "charset=utf-8\r\n"
      "x-slack-signature: v0=1\r\nX-Slack-Request-Timestamp: 17\r\nX-Slack-Signature: v0=2\r\n"
      "Content-Length: 5\r\n\r\na=b&c");
  const HttpRequest got = request();
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/slack/commands?x=1");
  EXPECT_EQ(got.content_type, "application/x; charset=utf-8");
  EXPECT_EQ(got.signatures, (std::vector<std::string>{"v0=1", "v0=2"}));
  EXPECT_EQ(got.timestamps, std::vector<std::string>{"17"});
  EXPECT_EQ(got.body, "a=b&c");
  EXPECT_NE(got.uuid, node::Uuid{});
}

TEST_F(HttpServerTest, KeepsTheConnectionForTheNextRequest) {
  listen();
  RawClient client(address());
  for (const char* body : {"one", "two"}) {
    client.send(kGet);
    answer(request().exchange, body);
    const std::string got = client.read_answer();
    EXPECT_THAT(got,
                StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"));
    EXPECT_THAT(got, HasSubstr("X-Request-Id: 00000000-0000-0007-"));
    EXPECT_THAT(got, EndsWith(std::string("\r\n\r\n") + body));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTheirOrderOneAtATime) {
  listen();
  RawClient client(address());
  client.send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const char* target : {"/1", "/2", "/3"}) {
    const HttpRequest got = request();
    EXPECT_EQ(got.target, target);
    EXPECT_EQ(loop_.waiting(), 0U);  // The next one is not even looked at.
    answer(got.exchange, got.target);
  }
  for (const char* target : {"/1", "/2", "/3"}) {
    EXPECT_THAT(client.read_answer(), EndsWith(std::string("\r\n\r\n") + target));
  }
}

TEST_F(HttpServerTest, RefusesATooLongBodyBeforeAnyOfItArrived) {
  HttpServer::Options options;
  options.body_bytes_max = 1000;
  listen(options);
  RawClient client(address());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  const std::string got = client.read_answer();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(got, HasSubstr("Connection: close"));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(loop_.waiting(), 0U);
}

TEST_F(HttpServerTest, TheRefusalArrivesThoughTheClientGoesOnSending) {
  HttpServer::Options options;
  options.body_bytes_max = 1000;
  listen(options);
  RawClient client(address());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
  client.send(std::string(200'000, 'x'));
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, TakesALongerBodyOnlyFromWhomItKnowsAndJudgesThatByTheHeadAlone) {
  HttpServer::Options options;
  options.body_bytes_max = 10;
  options.trust = {[](std::string_view shown) { return shown == "Bearer x"; }, 1000};
  listen(options);
  const auto head = [](const char* shown, int length) {
    return "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) +
           "\r\nAuthorization: " + shown + "\r\n\r\n";
  };
  for (const auto& [shown, length] : {std::pair("Bearer y", 11), std::pair("Bearer x", 1001)}) {
    RawClient client(address());
    client.send(head(shown, length));
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413 ")) << shown;
  }
  RawClient client(address());
  client.send(head("Bearer x", 1000) + std::string(1000, 'x'));
  EXPECT_EQ(request().body, std::string(1000, 'x'));
}

TEST_F(HttpServerTest, TakesABodyOfExactlyTheLimit) {
  HttpServer::Options options;
  options.body_bytes_max = 100'000;
  listen(options);
  RawClient client(address());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  client.send(std::string(100'000, 'x'));
  EXPECT_EQ(request().body, std::string(100'000, 'x'));
}

TEST_F(HttpServerTest, ReadsAChunkedBody) {
  listen();
  RawClient client(address());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n");
  client.send("2;ext=1\r\n&c\r\n0\r\n\r\n");
  EXPECT_EQ(request().body, "a=b&c");
}

TEST_F(HttpServerTest, RefusesAChunkedBodyAsSoonAsItIsTooLong) {
  HttpServer::Options options;
  options.body_bytes_max = 10;
  listen(options);
  RawClient client(address());
  client.send(
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AnswersWhatIsNotHttpOnceAndCloses) {
  listen();
  const std::vector<std::string> all = {
      "garbage\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nNo colon\r\n\r\n",
      "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  // TLS, where none is spoken.
      "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const std::string& bytes : all) {
    RawClient client(address());
    client.send(bytes + kGet);
    const std::string got = client.read_to_end();
    EXPECT_THAT(got, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bytes;
    EXPECT_EQ(got.find("HTTP/1.1 400", 1), std::string::npos) << bytes;
  }
  EXPECT_EQ(loop_.waiting(), 0U);
}

TEST_F(HttpServerTest, RefusesAHeadOverItsLimitInOneLineOrInMany) {
  listen();
  RawClient one(address());
  one.send("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x'));
  EXPECT_THAT(one.read_answer(), StartsWith("HTTP/1.1 431 "));

  RawClient many(address());
  many.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 300; ++i) many.send("X-" + std::to_string(i) + ": 01234567890123456789\r\n");
  EXPECT_THAT(many.read_answer(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, RefusesAChunkLineThatDoesNotEnd) {
  listen();
  RawClient client(address());
  client.send("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
              std::string(20'000, 'x'));
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, EndsAHeadThatArrivesTooSlowly) {
  HttpServer::Options options = impatient();
  options.head_timeout = 50ms;
  listen(options);
  RawClient client(address());
  client.send("GET / HT");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, EndsABodyThatArrivesTooSlowly) {
  HttpServer::Options options = impatient();
  options.body_timeout = 50ms;
  listen(options);
  RawClient client(address());
  client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n1234");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionWithoutAWord) {
  HttpServer::Options options = impatient();
  options.idle_timeout = 50ms;
  listen(options);
  RawClient client(address());
  client.send(kGet);
  answer(request().exchange, "a");
  client.read_answer();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, AnUnansweredExchangeIsNotTimedOut) {
  HttpServer::Options options = impatient();
  options.head_timeout = options.idle_timeout = options.body_timeout = options.write_timeout = 10ms;
  listen(options);
  RawClient client(address());
  client.send(kGet);
  const ExchangeId exchange = request().exchange;
  // Another connection is given up meanwhile: many sweeps have passed.
  RawClient idle(address());
  EXPECT_EQ(idle.read_to_end(), "");
  answer(exchange, "late");
  EXPECT_THAT(client.read_answer(), EndsWith("late"));
}

TEST_F(HttpServerTest, SaysContinueToAClientThatWaitsForIt) {
  listen();
  RawClient client(address());
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("a=b");
  const HttpRequest got = request();
  EXPECT_EQ(got.body, "a=b");
  answer(got.exchange, "done");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, DoesNotSayContinueToABodyThatItWouldRefuse) {
  listen();
  RawClient client(address());
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AnswersHeadAsGetWithoutTheBody) {
  listen();
  RawClient client(address());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  const HttpRequest got = request();
  EXPECT_EQ(got.method, "GET");
  answer(got.exchange, "hello");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Content-Length: 5\r\n"));
  client.send(kGet);
  answer(request().exchange, "next");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200"));  // Not "hello".
}

TEST_F(HttpServerTest, ClosesAfterAnHttp10AnswerUnlessAskedNotTo) {
  listen();
  RawClient once(address());
  once.send("GET / HTTP/1.0\r\n\r\n");
  answer(request().exchange, "a");
  EXPECT_THAT(once.read_to_end(), EndsWith("a"));

  RawClient kept(address());
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  answer(request().exchange, "a");
  EXPECT_THAT(kept.read_answer(), HasSubstr("Connection: keep-alive\r\n"));
  kept.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  answer(request().exchange, "b");
  EXPECT_THAT(kept.read_to_end(), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, StreamsPartsAsTheyComeAndGoesOnWithTheNextRequest) {
  listen();
  RawClient client(address());
  client.send(std::string(kGet) + kGet);
  const ExchangeId exchange = request().exchange;
  answer(exchange, "first", true);
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.read_until("first\r\n"), "5\r\nfirst\r\n");
  part(exchange, "second, of 20 bytes.");
  EXPECT_EQ(client.read_until(".\r\n"), "14\r\nsecond, of 20 bytes.\r\n");
  EXPECT_EQ(loop_.waiting(), 0U);
  part(exchange, "", true);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "0\r\n\r\n");
  answer(request().exchange, "whole");
  EXPECT_THAT(client.read_answer(), EndsWith("whole"));
}

TEST_F(HttpServerTest, StreamsToHttp10UntilTheConnectionEnds) {
  listen();
  RawClient client(address());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const ExchangeId exchange = request().exchange;
  answer(exchange, "first,", true);
  part(exchange, "second", true);
  const std::string got = client.read_to_end();
  EXPECT_THAT(got, Not(HasSubstr("chunked")));
  EXPECT_THAT(got, EndsWith("\r\n\r\nfirst,second"));
}

TEST_F(HttpServerTest, SaysThatTheClientOfAStreamHasGone) {
  listen(impatient());
  RawClient client(address());
  client.send(kGet);
  const ExchangeId exchange = request().exchange;
  answer(exchange, "first", true);
  client.read_until("first");
  client.close();
  EXPECT_EQ(loop_.next<HttpGone>().exchange, exchange);
  part(exchange, "nobody hears this");  // Harmless.
}

TEST_F(HttpServerTest, SaysThatTheClientOfAnUnansweredRequestHasGone) {
  listen(impatient());
  RawClient client(address());
  client.send(kGet);
  const ExchangeId exchange = request().exchange;
  client.close();
  EXPECT_EQ(loop_.next<HttpGone>().exchange, exchange);
  answer(exchange, "nobody hears this");
}

TEST_F(HttpServerTest, DropsAStreamWhoseClientDoesNotRead) {
  listen();
  RawClient client(address());
  client.send(kGet);
  const ExchangeId exchange = request().exchange;
  answer(exchange, "first", true);
  // More than the sockets' buffers and the backlog together.
  for (int i = 0; i < 64 && loop_.waiting() == 0; ++i) part(exchange, std::string(1 << 20, 'x'));
  EXPECT_EQ(loop_.next<HttpGone>().exchange, exchange);
}

TEST_F(HttpServerTest, SendsALargeAnswerToASlowReaderWhole) {
  listen();
  RawClient client(address());
  client.send(kGet);
  const std::string body(24 << 20, 'x');
  answer(request().exchange, body);
  const std::string got = client.read_answer();
  EXPECT_THAT(got.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(got.ends_with(body));
}

TEST_F(HttpServerTest, TellsConnectionsOverTheLimitToTryAgain) {
  HttpServer::Options options;
  options.connections_max = 2;
  listen(options);
  RawClient first(address());
  RawClient second(address());
  first.send(kGet);
  answer(request().exchange, "a");
  first.read_answer();
  second.send(kGet);
  answer(request().exchange, "a");
  second.read_answer();
  RawClient third(address());
  EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503 "));
  first.send(kGet);
  answer(request().exchange, "still served");
  EXPECT_THAT(first.read_answer(), EndsWith("still served"));
}

TEST_F(HttpServerTest, TellsARequestThatFindsTheQueueFullToTryAgain) {
  listen();
  loop_.on_loop([&] { loop_.full = true; });
  RawClient client(address());
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(HttpServerTest, GivesUpExchangesThatNoReplicaWillAnswer) {
  listen();
  RawClient early(address()), stream(address()), late(address());
  early.send(kGet);
  request();
  stream.send(kGet);
  answer(request().exchange, "first", true);
  stream.read_until("first\r\n");
  late.send(kGet);
  const ExchangeId kept = request().exchange;
  loop_.on_loop([&] { server_->drop_exchanges(kept); });
  EXPECT_THAT(early.read_answer(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(stream.read_to_end(), "");  // Cut, not ended: there is no last chunk.
  answer(kept, "answered");
  EXPECT_THAT(late.read_answer(), EndsWith("answered"));
  EXPECT_EQ(loop_.waiting(), 0U);  // No HttpGone.
}

TEST_F(HttpServerTest, AnswersWhatIsOpenBeforeItStops) {
  listen();
  RawClient idle(address()), open(address()), stream(address());
  idle.send(kGet);
  answer(request().exchange, "a");
  idle.read_answer();
  stream.send(kGet);
  answer(request().exchange, "first", true);
  stream.read_until("first\r\n");
  open.send(kGet);
  const ExchangeId exchange = request().exchange;
  std::promise<void> done;
  loop_.on_loop([&] { server_->stop([&] { done.set_value(); }); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(stream.read_to_end(), "0\r\n\r\n");
  loop_.next<HttpGone>();
  answer(exchange, "the last");
  const std::string got = open.read_to_end();
  EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(got, EndsWith("the last"));
  for (RawClient* client : {&idle, &open, &stream}) client->close();
  EXPECT_EQ(done.get_future().wait_for(IoLoop::kPatience), std::future_status::ready);
}

TEST_F(HttpServerTest, WhileItDrainsItTakesNewConnectionsAndEndsEachWithItsNextAnswer) {
  listen();
  RawClient kept(address());
  kept.send(kGet);
  answer(request().exchange, "a");
  kept.read_answer();
  loop_.on_loop([&] { server_->drain(); });
  RawClient fresh(address());
  for (RawClient* client : {&kept, &fresh}) {
    client->send(kGet);
    answer(request().exchange, "served");
    const std::string got = client->read_to_end();
    EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(got, EndsWith("served"));
  }
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  listen();
  loop_.on_loop([&] {
    HttpServer::Options options;
    options.address = address();
    const auto second = HttpServer::listen(loop_.io, options, loop_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("cannot listen on " + address()));
  });
}

}  // namespace

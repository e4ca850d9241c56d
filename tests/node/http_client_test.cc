#include "node/http_client.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/loopback_server.h"

namespace {

using node::HttpClient;
using node::parse_url;
using tests::LoopbackServer;
using tests::read_some;
using tests::read_until;
using tests::write_all;

constexpr std::chrono::seconds kLong{30};  // Never reached where all is well.

// Reads one request and answers with these pieces, each a write of its own.
LoopbackServer answering(std::vector<std::string> pieces) {
  return LoopbackServer([pieces](int socket, int) {
    (void)read_until(socket, "\r\n\r\n");
    for (const std::string& piece : pieces) write_all(socket, piece);
  });
}

TEST(HttpClient, ReadsABodyOfTheAnnouncedLength) {
  const auto server = answering({"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-",  //
                                 "Length: 5\r\n\r\nhe", "llo"});
  HttpClient client("127.0.0.1", server.port(), kLong);
  const auto answer = client.call({});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("content-type"), "text/plain");
  EXPECT_EQ(answer->body, "hello");
}

TEST(HttpClient, ReadsChunksHoweverTheyAreCut) {
  const auto server = answering({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5",
                                 "\r\nhel", "lo\r\n6;x=y\r\n world\r\n0\r", "\n\r\n"});
  HttpClient client("127.0.0.1", server.port(), kLong);
  const auto answer = client.call({});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello world");
}

TEST(HttpClient, TakesTheEndOfTheStreamForTheEndOfABodyWithoutLength) {
  const auto server = answering({"HTTP/1.0 500 Oops\r\n\r\nbroken"});
  HttpClient client("127.0.0.1", server.port(), kLong);
  const auto answer = client.call({});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body, "broken");
}

TEST(HttpClient, SendsTheRequestAsGivenWithHostAndLength) {
  std::string heard;
  {
    LoopbackServer server([&heard](int socket, int) {
      heard = read_until(socket, "\r\n\r\n");
      heard += read_some(socket, 3);
      write_all(socket, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    HttpClient client("127.0.0.1", server.port(), kLong);
    ASSERT_TRUE(client.call({"POST", "/x?y=1", {{"X-Two", "2"}}, "abc"}));
    EXPECT_NE(heard.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"),
              std::string::npos);
  }
  EXPECT_TRUE(heard.starts_with("POST /x?y=1 HTTP/1.1\r\n"));
  EXPECT_NE(heard.find("\r\nX-Two: 2\r\n"), std::string::npos);
  EXPECT_NE(heard.find("\r\nContent-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(heard.ends_with("\r\n\r\nabc"));
}

TEST(HttpClient, KeepsTheConnectionForTheNextCall) {
  LoopbackServer server([](int socket, int number) {
    while (!read_until(socket, "\r\n\r\n").empty()) {
      write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number));
    }
  });
  HttpClient client("127.0.0.1", server.port(), kLong);
  EXPECT_EQ(client.call({}).value().body, "1");
  EXPECT_EQ(client.call({}).value().body, "1");
}

TEST(HttpClient, ConnectsAnewWhereTheServerSaidClose) {
  LoopbackServer server([](int socket, int number) {
    (void)read_until(socket, "\r\n\r\n");
    write_all(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n" +
                          std::to_string(number));
  });
  HttpClient client("127.0.0.1", server.port(), kLong);
  EXPECT_EQ(client.call({}).value().body, "1");
  EXPECT_EQ(client.call({}).value().body, "2");
}

TEST(HttpClient, SaysWhoWasSilent) {
  LoopbackServer server([](int socket, int) { (void)read_some(socket, 1 << 20); });
  HttpClient client("127.0.0.1", server.port(), std::chrono::milliseconds(20));
  const auto answer = client.call({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "127.0.0.1:" + std::to_string(server.port()) + " did not answer in time");
}

TEST(HttpClient, AnAnswerThatBreaksOffIsAnError) {
  for (const char* text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "HTTP/1.1 200 OK\r\nCo",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", ""}) {
    const auto server = answering({text});
    HttpClient client("127.0.0.1", server.port(), kLong);
    EXPECT_FALSE(client.call({})) << text;
  }
}

TEST(HttpClient, NonsenseIsAnErrorNotAnAnswer) {
  for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const auto server = answering({text});
    HttpClient client("127.0.0.1", server.port(), kLong);
    EXPECT_FALSE(client.call({})) << text;
  }
}

TEST(HttpClient, HeadersWithoutEndAreGivenUpOn) {
  LoopbackServer server([](int socket, int) {
    write_all(socket, "HTTP/1.1 200 OK\r\nX: " + std::string(HttpClient::kHeaderBytesMax * 2, 'x'));
    (void)read_some(socket, 1 << 20);
  });
  HttpClient client("127.0.0.1", server.port(), kLong);
  const auto answer = client.call({});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("headers without an end"), std::string::npos);
}

TEST(HttpClient, ABodyWithoutEndIsGivenUpOn) {
  LoopbackServer server([](int socket, int) {
    write_all(socket, "HTTP/1.1 200 OK\r\n\r\n");
    write_all(socket, std::string(HttpClient::kAnswerBytesMax + (1 << 20), 'x'));
  });
  HttpClient client("127.0.0.1", server.port(), kLong);
  const auto answer = client.call({});
  ASSERT_TRUE(!answer || answer->body.size() <= HttpClient::kAnswerBytesMax);
}

TEST(ParseUrl, TakesHostPortAndTarget) {
  const auto url = parse_url("http://db-3.example:8080/slack/commands?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "db-3.example");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/slack/commands?x=1");
}

TEST(ParseUrl, FillsInPortAndTarget) {
  const auto url = parse_url("http://[::1]");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 80);
  EXPECT_EQ(url->target, "/");
}

TEST(ParseUrl, RefusesWhatItCannotReach) {
  for (const char* text : {"https://example.com", "example.com:80", "", "http://", "http://a:0",
                           "http://a:x", "http://a:99999", "http://:80"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace

#include "node/cli/bench_load.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <string>

#include "tests/support/loopback_server.h"

namespace node::cli {
namespace {

using std::chrono::milliseconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

SignedRequests requests(std::uint64_t count) {
  const Workload workload({Workload::Kind::kAdds, 1, 0, "/ir"});
  return SignedRequests::sign({"here", "/slack/commands", "secret"}, workload, {0, count, 1000});
}

// Reads one request; false at the end of the connection.
bool read_request(int socket) {
  const std::string head = tests::read_until(socket, "\r\n\r\n");
  const std::size_t at = head.find("Content-Length: ");
  if (at == std::string::npos) return false;
  const std::size_t size = std::stoul(head.substr(at + 16));
  const std::size_t held = head.size() - head.find("\r\n\r\n") - 4;
  return tests::read_some(socket, size - held).size() == size - held;
}

LoadResult load(const tests::LoopbackServer& server, std::uint64_t count,
                const LoadGenerator::Plan& plan) {
  auto generator = LoadGenerator::connect("127.0.0.1", server.port(), 1);
  EXPECT_TRUE(generator.has_value());
  return (*generator)->run(requests(count), plan);
}

TEST(BenchLoad, AClosedLoopSendsEveryRequestOnceAndMeasuresIt) {
  std::atomic<int> served = 0;
  const tests::LoopbackServer server([&](int socket, int) {
    while (read_request(socket)) {
      ++served;
      tests::write_all(socket, kOk);
    }
  });
  const LoadResult result = load(server, 300, {std::chrono::minutes(1), 0});
  EXPECT_EQ(result.completed, 300U);
  EXPECT_EQ(result.errors, 0U) << result.first_error;
  EXPECT_EQ(result.latencies.count(), 300U);
  EXPECT_TRUE(result.ran_out);
  EXPECT_EQ(served, 300);
}

TEST(BenchLoad, AnswersOtherThan200AreErrorsAndNoSamples) {
  const tests::LoopbackServer server([](int socket, int) {
    for (int i = 0; read_request(socket); ++i) {
      tests::write_all(socket, i % 10 == 9
                                   ? "HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nforged"
                                   : kOk);
    }
  });
  const LoadResult result = load(server, 100, {std::chrono::minutes(1), 0});
  EXPECT_EQ(result.completed, 90U);
  EXPECT_EQ(result.errors, 10U);
  EXPECT_EQ(result.latencies.count(), 90U);
  EXPECT_EQ(result.first_error, "status 401: forged");
}

TEST(BenchLoad, ALostConnectionIsOneErrorAndTheRunGoesOn) {
  const tests::LoopbackServer server([](int socket, int number) {
    for (int i = 0; read_request(socket); ++i) {
      if (number == 1 && i == 5) return;  // Closes it without an answer.
      tests::write_all(socket, kOk);
    }
  });
  const LoadResult result = load(server, 50, {std::chrono::minutes(1), 0});
  EXPECT_EQ(result.completed, 49U);
  EXPECT_EQ(result.errors, 1U);
  EXPECT_FALSE(result.first_error.empty());
}

TEST(BenchLoad, AnOpenLoopCountsTheWaitOfRequestsThatAStallHeldBack) {
  constexpr milliseconds kStall{200};
  const tests::LoopbackServer server([&](int socket, int) {
    for (int i = 0; read_request(socket); ++i) {
      pollfd silence{socket, POLLIN, 0};
      if (i == 0) ::poll(&silence, 1, static_cast<int>(kStall.count()));
      tests::write_all(socket, kOk);
    }
  });
  // One request falls due each millisecond. Those of the first half of the stall wait for its
  // second half at least, although they are sent and answered only after it.
  const LoadResult result = load(server, 1'000, {kStall, 1'000});
  EXPECT_EQ(result.completed, 200U);
  EXPECT_EQ(result.errors, 0U) << result.first_error;
  EXPECT_GE(result.latencies.percentile(0.51), kStall / 2 - milliseconds(5));
  EXPECT_GE(result.latencies.percentile(1), kStall);
}

TEST(BenchLoad, AnOpenLoopKeepsItsRate) {
  const tests::LoopbackServer server([](int socket, int) {
    while (read_request(socket)) tests::write_all(socket, kOk);
  });
  const LoadResult result = load(server, 1'000, {milliseconds(100), 500});
  EXPECT_EQ(result.completed, 50U);
  EXPECT_GE(result.seconds, 0.098);  // The 50th falls due 98 ms after the first.
  EXPECT_FALSE(result.ran_out);
}

TEST(BenchLoad, WhereNobodyListensTheFailureNamesTheAddress) {
  const auto generator = LoadGenerator::connect("127.0.0.1", 1, 4);
  ASSERT_FALSE(generator.has_value());
  EXPECT_NE(generator.error().message.find("127.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace node::cli

// LoadGenerator: sends signed requests over kept connections and measures how long answers take.
//
// Shape    closed loop: each connection sends its next request when its answer is there.
//          Open loop: requests fall due at a fixed rate whatever the server does. One that finds no
//          idle connection waits, and its latency counts from the moment it was due: a server that
//          stalls cannot hide the requests that it kept from being sent.
// Errors   an answer other than 200, a lost connection, an answer that never comes: each counts as
//          one error, and the first is kept as a sentence. A server that takes no connection any
//          more ends the run.
// Size     one thread, one epoll; a request costs a send, a receive and two looks at the clock.
// Thread   one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crdt/instant.h"
#include "crdt/result.h"
#include "node/cli/bench_answer.h"
#include "node/cli/bench_latency.h"
#include "node/cli/bench_signed.h"

namespace node::cli {

struct LoadResult {
  std::uint64_t sent = 0;  // Also what had no answer.
  std::uint64_t completed = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  double seconds = 0;    // From the first request to the last answer.
  bool ran_out = false;  // Of requests, before the time was over.
  Latencies latencies;

  [[nodiscard]] double requests_per_second() const {
    return seconds > 0 ? static_cast<double>(completed) / seconds : 0;
  }
};

class LoadGenerator {
 public:
  static constexpr std::size_t kConnectionsMax = 4096;  // As the server's own default.
  static constexpr std::chrono::seconds kDrain{10};     // Slack gave up long before.

  struct Plan {
    std::chrono::microseconds duration{std::chrono::seconds(10)};
    double rate = 0;  // Arrivals a second; 0: closed loop.
  };

  // REQUIRES 0 < connections <= kConnectionsMax
  [[nodiscard]] static crdt::Result<std::unique_ptr<LoadGenerator>> connect(
      const std::string& host, std::uint16_t port, std::size_t connections);
  ~LoadGenerator();

  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Sends `requests` from the first on, until the time is over or they run out.
  [[nodiscard]] LoadResult run(const SignedRequests& requests, const Plan& plan);

 private:
  struct Connection {
    int socket = -1;
    bool busy = false;
    crdt::Instant due;  // Of the request that is under way.
    AnswerReader answer;
  };

  LoadGenerator(std::string host, std::uint16_t port);

  [[nodiscard]] crdt::Result<void> open(std::size_t index);
  void start_due(crdt::Instant now);
  void send(std::size_t index, crdt::Instant due);
  void on_readable(std::size_t index);
  void answered(std::size_t index);
  void failed(std::size_t index, const std::string& why);
  void give_up_waiting();
  void wait(crdt::Instant now);
  [[nodiscard]] crdt::Instant due_at(std::uint64_t arrival) const;
  [[nodiscard]] bool has_more(crdt::Instant now) const;

  std::string host_;
  std::uint16_t port_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<char> buffer_;

  // Of the current run.
  const SignedRequests* requests_ = nullptr;
  Plan plan_;
  std::uint64_t planned_ = 0;  // Arrivals of an open loop; all requests of a closed one.
  crdt::Instant began_;
  crdt::Instant ends_;
  std::vector<std::size_t> idle_;
  std::size_t busy_ = 0;
  bool unreachable_ = false;
  LoadResult result_;
};

}  // namespace node::cli

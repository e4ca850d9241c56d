// SignedRequests: many signed HTTP requests, ready to be sent.
//
// Shape    what all have in common is kept once; each has the rest as one run of octets, so that a
//          request is sent as two pieces and nothing is formatted while the clock runs.
// Units    each is signed as of the second in which it is expected to be sent, as Slack's are; a
//          server takes it for five minutes before and after (slack/signature.h).
// Size     about 500 octets a request, and no more of them than fit into kBytesMax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/cli/bench_workload.h"
#include "slack/signature.h"

namespace node::cli {

class SignedRequests {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // Two million requests.

  struct Destination {
    std::string host;  // As the Host header wants it.
    std::string path;
    std::string secret;
  };

  struct Batch {
    std::uint64_t from = 0;   // Of the workload's commands.
    std::uint64_t count = 0;  // Fewer are signed where kBytesMax is reached.
    double per_second = 0;    // How fast they will be sent, as far as anybody knows.
  };

  // REQUIRES batch.per_second > 0
  [[nodiscard]] static SignedRequests sign(const Destination& destination, const Workload& workload,
                                           const Batch& batch);

  // The commands that fill the workload's channels.
  [[nodiscard]] static SignedRequests sign_fill(const Destination& destination,
                                                const Workload& workload);

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view head() const { return head_; }
  [[nodiscard]] std::string_view rest(std::size_t index) const;
  [[nodiscard]] std::string whole(std::size_t index) const {
    return head_ + std::string(rest(index));
  }

 private:
  explicit SignedRequests(const Destination& destination);
  void add(const SlashCommand& command, const std::string& timestamp);

  std::string head_;
  slack::Verifier signer_;
  std::string rests_;
  std::vector<std::size_t> ends_;
};

}  // namespace node::cli

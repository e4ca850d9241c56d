// SignedRequests: many signed HTTP requests, ready to be sent.
//
// Shape    what all have in common is kept once; each has the rest as one run of octets, so that a
//          request is sent as two pieces and nothing is formatted while the clock runs.
// Units    signed as of one moment: a server takes them for five minutes (slack/signature.h).
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

  // Commands [from, from + count) of the workload; fewer where kBytesMax is reached.
  [[nodiscard]] static SignedRequests sign(const Destination& destination, const Workload& workload,
                                           std::uint64_t from, std::uint64_t count);

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
  void add(const SlashCommand& command);

  std::string head_;
  std::string timestamp_;
  slack::Verifier signer_;
  std::string rests_;
  std::vector<std::size_t> ends_;
};

}  // namespace node::cli

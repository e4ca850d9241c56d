#include "node/cli/bench_signed.h"

#include <algorithm>

#include "node/clock.h"

namespace node::cli {
namespace {

constexpr std::size_t kRestBytes = 512;  // A guess that spares most of the growing.

std::string unix_seconds() {
  const auto now = read_clock().wall.time_since_epoch();
  return std::to_string(std::chrono::floor<std::chrono::seconds>(now).count());
}

}  // namespace

SignedRequests::SignedRequests(const Destination& destination)
    : timestamp_(unix_seconds()), signer_(destination.secret) {
  head_ = "POST " + destination.path + " HTTP/1.1\r\nHost: " + destination.host +
          "\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)"
          "\r\nAccept-Encoding: gzip,deflate\r\nAccept: application/json,*/*"
          "\r\nContent-Type: application/x-www-form-urlencoded"
          "\r\nX-Slack-Request-Timestamp: " +
          timestamp_ + "\r\nX-Slack-Signature: ";
}

void SignedRequests::add(const SlashCommand& command) {
  const std::string body = form_of(command);
  rests_ += signer_.sign(timestamp_, body);
  rests_ += "\r\nContent-Length: ";
  rests_ += std::to_string(body.size());
  rests_ += "\r\n\r\n";
  rests_ += body;
  ends_.push_back(rests_.size());
}

SignedRequests SignedRequests::sign(const Destination& destination, const Workload& workload,
                                    std::uint64_t from, std::uint64_t count) {
  SignedRequests requests(destination);
  requests.rests_.reserve(std::min<std::size_t>(count * kRestBytes, kBytesMax));
  for (std::uint64_t i = 0; i < count && requests.rests_.size() < kBytesMax; ++i) {
    requests.add(workload.command(from + i));
  }
  return requests;
}

SignedRequests SignedRequests::sign_fill(const Destination& destination, const Workload& workload) {
  SignedRequests requests(destination);
  for (std::uint64_t i = 0; i < workload.fill_size(); ++i) requests.add(workload.fill(i));
  return requests;
}

std::string_view SignedRequests::rest(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(rests_).substr(begin, ends_[index] - begin);
}

}  // namespace node::cli

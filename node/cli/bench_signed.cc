#include "node/cli/bench_signed.h"

#include <algorithm>

#include "crdt/check.h"
#include "node/clock.h"

namespace node::cli {
namespace {

constexpr std::size_t kRestBytes = 512;  // A guess that spares most of the growing.

std::chrono::seconds unix_time() {
  return std::chrono::floor<std::chrono::seconds>(read_clock().wall.time_since_epoch());
}

}  // namespace

SignedRequests::SignedRequests(const Destination& destination) : signer_(destination.secret) {
  head_ = "POST " + destination.path + " HTTP/1.1\r\nHost: " + destination.host +
          "\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)"
          "\r\nAccept-Encoding: gzip,deflate\r\nAccept: application/json,*/*"
          "\r\nContent-Type: application/x-www-form-urlencoded"
          "\r\nX-Slack-Request-Timestamp: ";
}

void SignedRequests::add(const SlashCommand& command, const std::string& timestamp) {
  const std::string body = form_of(command);
  rests_ += timestamp;
  rests_ += "\r\nX-Slack-Signature: ";
  rests_ += signer_.sign(timestamp, body);
  rests_ += "\r\nContent-Length: ";
  rests_ += std::to_string(body.size());
  rests_ += "\r\n\r\n";
  rests_ += body;
  ends_.push_back(rests_.size());
}

SignedRequests SignedRequests::sign(const Destination& destination, const Workload& workload,
                                    const Batch& batch) {
  CHECK(batch.per_second > 0);
  SignedRequests requests(destination);
  requests.rests_.reserve(std::min<std::size_t>(batch.count * kRestBytes, kBytesMax));
  const std::chrono::seconds began = unix_time();
  for (std::uint64_t i = 0; i < batch.count && requests.rests_.size() < kBytesMax; ++i) {
    const std::chrono::duration<double> after(static_cast<double>(i) / batch.per_second);
    const auto at = began + std::chrono::floor<std::chrono::seconds>(after);
    requests.add(workload.command(batch.from + i), std::to_string(at.count()));
  }
  return requests;
}

SignedRequests SignedRequests::sign_fill(const Destination& destination, const Workload& workload) {
  SignedRequests requests(destination);
  const std::string now = std::to_string(unix_time().count());
  for (std::uint64_t i = 0; i < workload.fill_size(); ++i) requests.add(workload.fill(i), now);
  return requests;
}

std::string_view SignedRequests::rest(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(rests_).substr(begin, ends_[index] - begin);
}

}  // namespace node::cli

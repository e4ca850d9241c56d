#include "node/cli/serf_agent.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <thread>

#include "node/clock.h"

namespace node::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kAskEvery{50};
constexpr std::chrono::seconds kAnswerWithin{10};
constexpr const char* kHost = "127.0.0.1";

// Of a header; 0 of what is a body.
std::uint64_t sequence_in(const json& value) {
  return value.is_object() ? value.value("Seq", std::uint64_t{0}) : 0;
}

}  // namespace

crdt::Result<std::unique_ptr<SerfAgent>> SerfAgent::start(const Options& options) {
  std::vector<std::string> command = {
      options.program,
      "agent",
      "-node=" + options.name,
      "-bind=" + options.bind,
      "-rpc-addr=" + std::string(kHost) + ":" + std::to_string(options.rpc_port),
      "-profile=lan",
      "-log-level=warn"};
  if (!options.join.empty()) command.push_back("-join=" + options.join);
  auto process = ChildProcess::start(command, options.output);
  if (!process) return process.error();
  return std::unique_ptr<SerfAgent>(new SerfAgent(options, std::move(*process)));
}

SerfAgent::~SerfAgent() {
  if (socket_ >= 0) ::close(socket_);
}

crdt::Error SerfAgent::failed(const std::string& what) const {
  return crdt::Error("serf agent " + options_.name + " " + what + "; what it said is in " +
                     options_.output.string());
}

bool SerfAgent::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.rpc_port);
  ::inet_pton(AF_INET, kHost, &address.sin_addr);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
  ::close(std::exchange(socket_, -1));
  return false;
}

crdt::Result<void> SerfAgent::watch(std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  while (!connect()) {
    if (!process_.running()) return failed("ended (" + process_.ending() + ")");
    if (read_clock().steady > deadline) return failed("takes no RPC connection");
    std::this_thread::sleep_for(kAskEvery);
  }
  awaits_ = true;
  for (const auto& [command, body] :
       {std::pair("handshake", json{{"Version", 1}}), std::pair("stream", json{{"Type", "*"}})}) {
    if (const auto sent = send(command, body); !sent) return sent;
    const auto accepted = answer(kAnswerWithin);
    if (!accepted) return accepted.error();
  }
  stream_ = sequence_;
  awaits_ = false;
  return {};
}

crdt::Result<void> SerfAgent::send(const char* command, const json& body) {
  std::vector<std::uint8_t> bytes = json::to_msgpack({{"Command", command}, {"Seq", ++sequence_}});
  const std::vector<std::uint8_t> rest = json::to_msgpack(body);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size())) return failed("does not read its requests");
  return {};
}

// Takes whole values out of what came.
void SerfAgent::take_values() {
  std::istringstream stream(bytes_);
  std::size_t taken = 0;
  while (taken < bytes_.size()) {
    json value = json::from_msgpack(stream, false, false);
    if (value.is_discarded()) break;
    values_.push_back(std::move(value));
    taken = static_cast<std::size_t>(stream.tellg());
  }
  bytes_.erase(0, taken);
}

std::vector<json> SerfAgent::heard() {
  std::array<char, 64 << 10> buffer;
  ssize_t count = 0;
  while ((count = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
    bytes_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  take_values();
  std::vector<json> events;
  while (!values_.empty()) {
    const bool event = stream_ > 0 && sequence_in(values_.front()) == stream_;
    if (event && values_.size() == 1) break;  // Its body is still to come.
    if (!event && awaits_) break;
    // What is neither an event nor awaited: answers that nobody reads, and serf gives some twice.
    if (event) events.push_back(std::move(values_[1]));
    values_.erase(values_.begin(), values_.begin() + (event ? 2 : 1));
  }
  return events;
}

// The header that answers the last request. What is streamed meanwhile is passed over.
crdt::Result<json> SerfAgent::answer(std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  for (;;) {
    static_cast<void>(heard());
    while (!values_.empty() && sequence_in(values_.front()) != sequence_ &&
           (stream_ == 0 || sequence_in(values_.front()) != stream_)) {
      values_.erase(values_.begin());
    }
    if (!values_.empty() && sequence_in(values_.front()) == sequence_) {
      json header = std::move(values_.front());
      values_.erase(values_.begin());
      const std::string error = header.value("Error", "");
      if (!error.empty()) return failed("refuses: " + error);
      return {boost::system::in_place_value, std::move(header)};
    }
    pollfd entry{socket_, POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(kAskEvery.count()));
    if (read_clock().steady > deadline) return failed("does not answer");
  }
}

crdt::Result<std::size_t> SerfAgent::alive(std::chrono::milliseconds patience) {
  awaits_ = true;
  if (const auto sent = send("members", json::object()); !sent) return sent.error();
  const auto header = answer(patience);
  if (!header) return header.error();
  const auto deadline = read_clock().steady + patience;
  while (values_.empty()) {
    if (read_clock().steady > deadline) return failed("does not name its members");
    pollfd entry{socket_, POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(kAskEvery.count()));
    static_cast<void>(heard());
  }
  const json body = std::move(values_.front());
  values_.erase(values_.begin());
  awaits_ = false;
  std::size_t count = 0;
  for (const json& member : body.value("Members", json::array())) {
    count += member.value("Status", "") == "alive" ? 1 : 0;
  }
  return count;
}

crdt::Result<void> SerfAgent::tell(const std::string& event, const std::string& payload) {
  return send("event", {{"Name", event}, {"Payload", payload}, {"Coalesce", false}});
}

}  // namespace node::cli

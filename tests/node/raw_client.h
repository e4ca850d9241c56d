// RawClient: a socket that says exactly what a test tells it, to a server on loopback.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace tests {

class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{60, 0};  // Ends a test that hangs.
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~RawClient() { close(); }

  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;  // What the server then says, or does not, is the test's matter.
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // Everything up to and including `text`; what follows stays for the next call.
  std::string read_until(std::string_view text) {
    std::size_t at = 0;
    while ((at = in_.find(text)) == std::string::npos) {
      if (!read_more()) {
        ADD_FAILURE() << "the connection ended before \"" << text << "\"; it said: " << in_;
        return std::exchange(in_, "");
      }
    }
    std::string taken = in_.substr(0, at + text.size());
    in_.erase(0, taken.size());
    return taken;
  }

  std::string read_bytes(std::size_t count) {
    while (in_.size() < count && read_more()) {
    }
    std::string taken = in_.substr(0, count);
    in_.erase(0, taken.size());
    return taken;
  }

  // Until the server closes.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(in_, "");
  }

  // One answer: its head, and its body by Content-Length.
  std::string read_answer() {
    std::string answer = read_until("\r\n\r\n");
    const std::size_t at = answer.find("Content-Length: ");
    if (at != std::string::npos) answer += read_bytes(std::stoul(answer.substr(at + 16)));
    return answer;
  }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

 private:
  bool read_more() {
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    in_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  int socket_ = -1;
  std::string in_;
};

}  // namespace tests

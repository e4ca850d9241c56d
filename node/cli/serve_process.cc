#include "node/cli/serve_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "node/clock.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

constexpr std::chrono::seconds kStopWithin{5};  // Above the server's own grace period.

// The last line of what a peer printed: its reason, if it would not start.
std::string last_words(const std::filesystem::path& output) {
  const auto file = read_text_file(output);
  std::string_view text = file ? std::string_view(file->text) : std::string_view();
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) return "it printed nothing";
  return std::string(text.substr(text.rfind('\n') + 1));
}

// Whether the peer said that it listens, before it ended and within `patience`.
bool heard_ready(int ready, std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  std::string heard;
  while (heard.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - read_clock().steady);
    pollfd entry{ready, POLLIN, 0};
    char bytes[256];  // "ready" and a few addresses.
    ssize_t count = 0;
    if (left.count() > 0 && ::poll(&entry, 1, static_cast<int>(left.count())) > 0) {
      count = ::read(ready, bytes, sizeof bytes);
    }
    if (count <= 0) return false;
    heard.append(bytes, static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

crdt::Result<ChildProcess> start_serving(const std::filesystem::path& binary,
                                         const std::filesystem::path& config,
                                         const std::filesystem::path& output,
                                         std::chrono::milliseconds patience) {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return crdt::Error("no pipe is left");
  auto process = ChildProcess::start({binary.string(), "serve", "--config", config.string(),
                                      "--ready-fd", std::to_string(ready[1])},
                                     output, ready[1]);
  ::close(ready[1]);
  const bool listens = process && heard_ready(ready[0], patience);
  ::close(ready[0]);
  if (!process || listens) return process;
  process->stop(kStopWithin);
  return crdt::Error("it did not start (" + process->ending() + "): " + last_words(output));
}

}  // namespace node::cli

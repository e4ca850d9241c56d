#include "node/cli/line_input.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "crdt/check.h"
#include "node/clock.h"

namespace node::cli {

LineInput::LineInput() {
  sigset_t stops;
  sigemptyset(&stops);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&stops, number);
  CHECK(::pthread_sigmask(SIG_BLOCK, &stops, nullptr) == 0);
  signals_ = ::signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(signals_ >= 0);
  std::signal(SIGPIPE, SIG_IGN);  // A reader that has gone is no reason to skip the clean-up.
}

LineInput::~LineInput() { ::close(signals_); }

// True when there is input (if asked for); notes a signal on the way.
bool LineInput::wait(bool for_input, int timeout_ms) {
  pollfd entries[2] = {{signals_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  if (::poll(entries, for_input ? 2 : 1, timeout_ms) <= 0) return false;
  if (entries[0].revents != 0) interrupted_ = true;
  return for_input && entries[1].revents != 0;
}

std::optional<std::string> LineInput::next() {
  for (;;) {
    if (interrupted()) return std::nullopt;
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (at_end_ || buffer_.size() > kLineBytesMax) {
      if (buffer_.empty() || buffer_.size() > kLineBytesMax) return std::nullopt;
      return std::exchange(buffer_, {});
    }
    if (!wait(true, -1)) continue;
    char bytes[4096];  // A few lines of a script.
    const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) at_end_ = true;
  }
}

bool LineInput::pause(std::chrono::milliseconds time) {
  const crdt::Instant end = read_clock().steady + time;
  while (!interrupted_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - read_clock().steady);
    if (left.count() <= 0) break;
    wait(false, static_cast<int>(left.count()));
  }
  return !interrupted();
}

bool LineInput::interrupted() {
  if (!interrupted_) wait(false, 0);
  return interrupted_;
}

}  // namespace node::cli

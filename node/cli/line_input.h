// LineInput: lines from standard input, and the wish to stop, in one place.
//
// Shape    from construction on, SIGINT, SIGTERM and SIGHUP no longer end the process: they end the
//          input. Construct before any thread starts, or that thread may take the signal.
// Size     a line of kLineBytesMax; what is longer counts as the end.
// Thread   one.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace node::cli {

class LineInput {
 public:
  static constexpr std::size_t kLineBytesMax = 64 << 10;  // Slack cuts a message at 40,000.

  LineInput();
  ~LineInput();

  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  // Waits for a line, without its end. None at the end of the input or once interrupted.
  [[nodiscard]] std::optional<std::string> next();

  // Sleeps. False, at once, when interrupted.
  [[nodiscard]] bool pause(std::chrono::milliseconds time);

  // True for good after the first signal.
  [[nodiscard]] bool interrupted();

 private:
  bool wait(bool for_input, int timeout_ms);

  std::string buffer_;
  int signals_ = -1;
  bool at_end_ = false;
  bool interrupted_ = false;
};

}  // namespace node::cli

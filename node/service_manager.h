// ServiceManager: what systemd, or whoever else started the node, wants to hear of it.
//
// Shape    one datagram a fact, to the socket that NOTIFY_SOCKET names. Without one nobody listens,
//          and nothing is sent.
// Errors   none: a manager that cannot be told does not keep the node from serving.
// Source   sd_notify(3), sd_watchdog_enabled(3)
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace node {

class ServiceManager {
 public:
  // From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  [[nodiscard]] static ServiceManager from_environment();

  // "READY=1", "STOPPING=1", "WATCHDOG=1".
  void tell(std::string_view fact) const;

  // How often to tell it "WATCHDOG=1": twice in the time after which it would kill the process.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_every() const {
    return watchdog_every_;
  }

 private:
  std::string socket_;  // A path, or '@' and an abstract name; empty for nobody.
  std::optional<std::chrono::microseconds> watchdog_every_;
};

}  // namespace node

#include "node/cli/private_network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace node::cli {
namespace {

crdt::Error failed(const char* what) {
  return crdt::Error(std::string(what) + ": " + std::strerror(errno));
}

// This user stays who it is in a user namespace of its own.
crdt::Result<void> keep_identity(uid_t user, gid_t group) {
  std::ofstream("/proc/self/setgroups") << "deny";
  const auto map = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
  std::ofstream users("/proc/self/uid_map");
  users << map(user) << std::flush;
  std::ofstream groups("/proc/self/gid_map");
  groups << map(group) << std::flush;
  if (!users || !groups) return crdt::Error("the kernel takes no identities for a user namespace");
  return {};
}

}  // namespace

crdt::Result<void> enter_private_network() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWNET) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      return failed("the kernel gives this user no network namespace");
    }
    if (const auto kept = keep_identity(user, group); !kept) return kept;
  }
  const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return failed("no socket for the new loopback");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int result = ::ioctl(control, SIOCSIFFLAGS, &request);
  ::close(control);
  if (result != 0) return failed("the new loopback does not come up");
  return {};
}

std::optional<LoopbackCount> loopback_count_in(std::string_view proc_net_dev) {
  const std::size_t at = proc_net_dev.find("lo:");
  if (at == std::string_view::npos) return std::nullopt;
  std::istringstream line{std::string(proc_net_dev.substr(at + 3))};
  std::array<std::uint64_t, 10> columns{};  // Eight of what was received, then what was sent.
  for (std::uint64_t& column : columns) {
    if (!(line >> column)) return std::nullopt;
  }
  return LoopbackCount{columns[8], columns[9]};
}

std::optional<LoopbackCount> loopback_count() {
  std::ifstream file("/proc/thread-self/net/dev");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return loopback_count_in(text);
}

}  // namespace node::cli

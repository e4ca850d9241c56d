#include "node/cli/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "node/clock.h"

namespace node::cli {
namespace {

// Between fork and exec only calls that are safe in a signal handler: the parent may have threads.
[[noreturn]] void become(char* const* arguments, int input, int output, int keep_fd, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // It died before the line above.
  ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  // Not all of the parent's descriptors were opened close-on-exec: Asio's sockets are not. A copy
  // of one in the child would keep a connection open that the parent closes.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (keep_fd >= 0) ::fcntl(keep_fd, F_SETFD, 0);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

crdt::Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command,
                                               const std::filesystem::path& output, int keep_fd) {
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) {
    const std::string reason = std::strerror(errno);
    if (in >= 0) ::close(in);
    return crdt::Error("cannot write " + output.string() + ": " + reason);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execv's old signature.
  }
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(arguments.data(), in, out, keep_fd, parent);
  const int fork_error = errno;
  ::close(in);
  ::close(out);
  if (child < 0) {
    return crdt::Error("cannot start a process: " + std::string(std::strerror(fork_error)));
  }
  ::setpgid(child, child);                                  // Both sides: whoever comes first.
  const long handle = ::syscall(SYS_pidfd_open, child, 0);  // The C library's is not for C++ yet.
  return ChildProcess(child, static_cast<int>(handle));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      handle_(std::exchange(other.handle_, -1)),
      status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(handle_, other.handle_);
  std::swap(status_, other.status_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill();
  if (handle_ >= 0) ::close(handle_);
}

bool ChildProcess::running() {
  if (pid_ < 0 || status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = status;
  return false;
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(pid_, number);
}

bool ChildProcess::wait(std::chrono::milliseconds patience) {
  const auto deadline = read_clock().steady + patience;
  while (running()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - read_clock().steady);
    if (left.count() <= 0) return false;
    pollfd entry{handle_, POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(left.count()));
  }
  return true;
}

bool ChildProcess::stop(std::chrono::milliseconds patience) {
  signal(SIGTERM);
  if (wait(patience)) return true;
  kill();
  return false;
}

void ChildProcess::kill() {
  signal(SIGKILL);
  if (status_ || pid_ < 0) return;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  status_ = status;
}

std::string ChildProcess::ending() const {
  if (!status_) return {};
  if (WIFSIGNALED(*status_)) return "killed by signal " + std::to_string(WTERMSIG(*status_));
  return "exit code " + std::to_string(WEXITSTATUS(*status_));
}

}  // namespace node::cli

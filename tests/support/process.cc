#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "crdt/check.h"

namespace tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{5};  // Between looks at what has no event.

int left_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

Process::Process(const std::vector<std::string>& command, Input input) {
  std::vector<char*> arguments;
  for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  int to[2] = {-1, -1};
  int from[2] = {-1, -1};
  if (input == Input::kPipe) {
    CHECK(::pipe2(to, O_CLOEXEC) == 0 && ::pipe2(from, O_CLOEXEC) == 0);
    pid_ = ::fork();
  } else {
    pid_ = ::forkpty(&in_, nullptr, nullptr, nullptr);
  }
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (input == Input::kPipe) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::dup2(from[1], STDERR_FILENO);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  if (input == Input::kPipe) {
    ::close(to[0]);
    ::close(from[1]);
    in_ = to[1];
    out_ = from[0];
  } else {
    ::fcntl(in_, F_SETFD, FD_CLOEXEC);
    out_ = in_;
  }
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (in_ >= 0 && in_ != out_) ::close(in_);
  if (out_ >= 0) ::close(out_);
}

void Process::type(std::string_view text) {
  ::signal(SIGPIPE, SIG_IGN);  // A program that ended is found out by what it printed.
  while (!text.empty()) {
    const ssize_t count = ::write(in_, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Process::end_input() {
  CHECK(in_ != out_);
  ::close(in_);
  in_ = -1;
}

void Process::signal(int number) const {
  CHECK(pid_ > 0);
  ::kill(pid_, number);
}

Process::Reading Process::read_more(Clock::time_point deadline) {
  pollfd entry{out_, POLLIN, 0};
  if (::poll(&entry, 1, left_ms(deadline)) <= 0) return Reading::kLate;
  char bytes[4096];
  const ssize_t count = ::read(out_, bytes, sizeof bytes);
  if (count <= 0) return Reading::kEnd;  // A terminal's end is EIO.
  output_.append(bytes, static_cast<std::size_t>(count));
  return Reading::kMore;
}

bool Process::read_until(std::string_view text) {
  const auto deadline = Clock::now() + kPatience;
  while (output_.find(text) == std::string::npos) {
    if (read_more(deadline) != Reading::kMore) return false;
  }
  return true;
}

int Process::finish() {
  const auto deadline = Clock::now() + kPatience;
  while (read_more(deadline) == Reading::kMore) continue;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) != pid_) {
    if (Clock::now() >= deadline) return kStuck;
    std::this_thread::sleep_for(kLookEvery);
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TemporaryFolder::TemporaryFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "muster-test-XXXXXX").string();
  CHECK(::mkdtemp(path.data()) != nullptr);
  path_ = path;
}

TemporaryFolder::~TemporaryFolder() {
  if (kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<pid_t> processes_naming(std::string_view text) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); })) {
      continue;
    }
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line(std::istreambuf_iterator<char>(file), {});
    if (line.find(text) != std::string::npos) found.push_back(std::atoi(name.c_str()));
  }
  return found;
}

bool no_process_names(std::string_view text) {
  const auto deadline = Clock::now() + Process::kPatience;
  while (!processes_naming(text).empty()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

}  // namespace tests

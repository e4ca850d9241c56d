#include "simulation/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "crdt/check.h"
#include "simulation/run_folder.h"

extern char** environ;

namespace simulation {
namespace {

constexpr std::size_t kLastWordsMax = 4'000;

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

void WorkerProcess::start() {
  std::array<int, 2> in{}, out{};
  CHECK(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0);
  errors_ = ::memfd_create("muster-sim", MFD_CLOEXEC);
  CHECK(errors_ >= 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors_, STDERR_FILENO);
  std::string worker = "--worker";
  std::array<char*, 3> arguments{program_.data(), worker.data(), nullptr};
  const int failed =
      ::posix_spawn(&pid_, program_.c_str(), &actions, nullptr, arguments.data(), environ);
  CHECK(failed == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  received_.clear();
}

void WorkerProcess::stop() {
  close_fd(to_);
  close_fd(from_);
  close_fd(errors_);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  RunFolder::remove(std::exchange(pid_, -1));
}

void WorkerProcess::ask(const WorkerRequest& request) {
  ::signal(SIGPIPE, SIG_IGN);  // A death shows when the answer is read.
  if (pid_ < 0) start();
  static_cast<void>(write_all(to_, to_json(request) + "\n"));
}

std::string WorkerProcess::last_words() {
  std::string words(kLastWordsMax, '\0');
  const off_t size = ::lseek(errors_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kLastWordsMax));
  const ssize_t count = ::pread(errors_, words.data(), words.size(), from);
  words.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return words.empty() ? "the process died without a word" : words;
}

crdt::Result<std::string> WorkerProcess::answer() {
  std::array<char, 65'536> buffer;
  std::size_t end = received_.find('\n');
  while (end == std::string::npos) {
    const ssize_t count = ::read(from_, buffer.data(), buffer.size());
    if (count <= 0) {
      const crdt::Error died(last_words());
      stop();
      return died;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    end = received_.find('\n');
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  return crdt::Result<std::string>{boost::system::in_place_value, std::move(line)};
}

}  // namespace simulation

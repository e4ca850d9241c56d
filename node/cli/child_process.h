// ChildProcess: one process that this one started and will not leave behind.
//
// Shape    starts in a process group of its own, so that ctrl-C reaches only its parent, which then
//          stops it in order. The kernel kills it should the parent die first.
// Errors   an executable that cannot be started is an Error; a child that ends is a fact.
// Thread   the one that started it: the kernel watches that thread, not the process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crdt/result.h"

namespace node::cli {

class ChildProcess {
 public:
  // Standard input is empty; standard output and error are appended to `output`. `keep_fd` stays
  // open in the child under the same number, -1 for none; no other descriptor does.
  [[nodiscard]] static crdt::Result<ChildProcess> start(const std::vector<std::string>& command,
                                                        const std::filesystem::path& output,
                                                        int keep_fd = -1);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // Kills and reaps what still runs.

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Reaps it if it has ended.
  [[nodiscard]] bool running();

  void signal(int number);

  // False when it still runs at the end of `patience`.
  bool wait(std::chrono::milliseconds patience);

  // SIGTERM, then SIGKILL for one that does not listen. True if the first was enough.
  bool stop(std::chrono::milliseconds patience);

  // SIGKILL.
  void kill();

  // How it ended ("exit code 2", "killed by signal 9"); empty while it runs.
  [[nodiscard]] std::string ending() const;

 private:
  ChildProcess(pid_t pid, int handle) : pid_(pid), handle_(handle) {}

  pid_t pid_ = -1;
  int handle_ = -1;  // A pidfd: readable when the process has ended.
  std::optional<int> status_;
};

}  // namespace node::cli

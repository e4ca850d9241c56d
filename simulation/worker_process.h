// WorkerProcess: a Worker as a child process, asked through pipes.
//
// Shape    one request at a time: ask(), then answer() when fd() can be read. A child that died is
//          started again at the next ask().
// Errors   a death is an answer: an Error with what the child wrote to standard error.
#pragma once

#include <sys/types.h>

#include <string>

#include "crdt/result.h"
#include "simulation/worker.h"

namespace simulation {

class WorkerProcess {
 public:
  explicit WorkerProcess(std::string program) : program_(std::move(program)) {}
  ~WorkerProcess() { stop(); }

  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  void ask(const WorkerRequest& request);
  [[nodiscard]] int fd() const { return from_; }
  // Waits for the whole line.
  [[nodiscard]] crdt::Result<std::string> answer();

 private:
  void start();
  void stop();
  [[nodiscard]] std::string last_words();

  std::string program_;
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int errors_ = -1;  // An unnamed file: the child can write as much as it likes.
  std::string received_;
};

}  // namespace simulation

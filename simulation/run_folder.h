// RunFolder: where a run keeps its nodes' files, in memory where the machine has a place for that.
//
// Shape    named by the process, of which one run at a time has one; gone when the run is over. Of
//          a process that died, whoever started it removes the folder.
// Errors   the constructor throws std::runtime_error where no folder can be made.
#pragma once

#include <sys/types.h>

#include <string>

namespace simulation {

class RunFolder {
 public:
  RunFolder();
  ~RunFolder();

  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // What a process that is gone left behind, if anything.
  static void remove(pid_t process);

 private:
  std::string path_;
};

}  // namespace simulation

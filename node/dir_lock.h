// DirLock: this process, and no other, works in this directory. Ends with the process, however it
// ends.
#pragma once

#include <string>

#include "crdt/result.h"

namespace node {

class DirLock {
 public:
  // Creates the directory (mode 0700, parents too) and the file "lock" in it where they are
  // missing.
  [[nodiscard]] static crdt::Result<DirLock> acquire(const std::string& dir);

  DirLock(DirLock&& other) noexcept;
  DirLock& operator=(DirLock&& other) noexcept;
  ~DirLock();

 private:
  explicit DirLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace node

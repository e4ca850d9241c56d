// Whether an errno says that there is no room, rather than that the disk fails.
#pragma once

#include <cerrno>

namespace node {

[[nodiscard]] inline bool is_disk_full(int code) {
  return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

}  // namespace node

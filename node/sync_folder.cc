#include "node/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace node {

int sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return code == EINVAL ? 0 : code;  // A file system where folders need none.
}

}  // namespace node

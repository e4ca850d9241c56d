#include "node/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace node {
namespace {

crdt::Error failed(const char* what, const std::string& path) {
  return crdt::Error(std::string("cannot ") + what + " " + path + ": " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(descriptor) == 0;
}

}  // namespace

crdt::Result<TextFile> read_text_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("read", path);
  TextFile file;
  struct stat info {};
  if (::fstat(descriptor, &info) == 0) file.world_readable = (info.st_mode & S_IROTH) != 0;
  file.text.resize(kTextFileBytesMax + 1);
  std::size_t got = 0;
  ssize_t count = 0;
  do {
    count = ::read(descriptor, file.text.data() + got, file.text.size() - got);
    if (count > 0) got += static_cast<std::size_t>(count);
  } while (got < file.text.size() && (count > 0 || (count < 0 && errno == EINTR)));
  const int error = errno;
  ::close(descriptor);
  errno = error;
  if (count < 0) return failed("read", path);
  if (got > kTextFileBytesMax) return crdt::Error(path + " is too large to be what it should be");
  file.text.resize(got);
  file.text.shrink_to_fit();  // Secrets are kept for as long as the process runs.
  return file;
}

crdt::Result<void> write_new_file(const std::string& path, std::string_view text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("write", path);
  const bool written = write_all(descriptor, text);
  const int error = errno;
  ::close(descriptor);
  if (written) return {};
  ::unlink(path.c_str());
  errno = error;
  return failed("write", path);
}

crdt::Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string unfinished = path + ".new";
  if (::unlink(unfinished.c_str()) != 0 && errno != ENOENT) return failed("replace", unfinished);
  const auto written = write_new_file(unfinished, text);
  if (!written) return written;
  if (std::rename(unfinished.c_str(), path.c_str()) == 0) return {};
  const crdt::Error error = failed("replace", path);
  ::unlink(unfinished.c_str());
  return error;
}

}  // namespace node

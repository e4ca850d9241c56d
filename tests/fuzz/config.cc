// The configuration file: one sentence that names the file, or a configuration.
#include <sys/mman.h>
#include <unistd.h>

#include "node/config.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(config) {
  const int file = ::memfd_create("config", MFD_CLOEXEC);
  CHECK(file >= 0);
  CHECK(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const auto config = node::load_config(path);
  if (!config) {
    CHECK(config.error().message.find(path) != std::string::npos);
    CHECK(config.error().message.find('\n') == std::string::npos);
  }
  static_cast<void>(node::data_dir_in(path));
  ::close(file);
}

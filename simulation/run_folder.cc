#include "simulation/run_folder.h"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace simulation {
namespace {

constexpr const char* kMemory = "/dev/shm";

std::filesystem::path folder_of(pid_t process) {
  std::error_code error;
  const std::filesystem::path base =
      ::access(kMemory, W_OK) == 0 ? kMemory : std::filesystem::temp_directory_path();
  // Without links: what is open is found by its path (simulation/file_calls.h).
  return std::filesystem::weakly_canonical(base, error) / ("muster-sim-" + std::to_string(process));
}

}  // namespace

RunFolder::RunFolder() : path_(folder_of(::getpid())) {
  remove(::getpid());
  std::error_code error;
  if (std::filesystem::create_directory(path_, error)) return;
  throw std::runtime_error("cannot make the folder " + path_ + ": " + error.message());
}

RunFolder::~RunFolder() { remove(::getpid()); }

void RunFolder::remove(pid_t process) {
  std::error_code error;
  std::filesystem::remove_all(folder_of(process), error);
}

}  // namespace simulation

#include "node/cli/bench_scratch.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "node/cli/bench_system.h"

namespace node::cli {
namespace {

constexpr std::string_view kBefore = "muster-bench-";

// The process in "muster-bench-<process>-XXXXXX"; 0 where the name holds none.
pid_t owner_in(std::string_view name) {
  pid_t owner = 0;
  if (!name.starts_with(kBefore)) return 0;
  name.remove_prefix(kBefore.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), owner);
  const bool named = error == std::errc() && end != name.data() + name.size() && *end == '-';
  return named ? owner : 0;
}

// What a benchmark that was killed has left there: gigabytes, sometimes.
void sweep(const std::filesystem::path& in) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(in, ignored)) {
    const pid_t owner = owner_in(entry.path().filename().string());
    const bool gone = owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH;
    if (gone) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

crdt::Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make(const std::string& base,
                                                                 bool keep) {
  std::error_code error;
  std::filesystem::path in = base;
  if (in.empty()) in = std::filesystem::temp_directory_path(error);
  if (!error) std::filesystem::create_directories(in, error);
  if (!error) sweep(in);
  const std::string owner = keep ? "kept" : std::to_string(::getpid());
  std::string path = (in / (std::string(kBefore) + owner + "-XXXXXX")).string();
  if (error || ::mkdtemp(path.data()) == nullptr) {
    return crdt::Error("cannot make a folder in " + in.string());
  }
  std::unique_ptr<ScratchFolder> folder(new ScratchFolder(path, keep));
  if (!is_in_memory(folder->path())) return folder;
  return crdt::Error(in.string() +
                     " is in memory, where nothing is durable; name a folder on a disk: --dir");
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!keep_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace node::cli

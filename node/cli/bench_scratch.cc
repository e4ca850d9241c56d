#include "node/cli/bench_scratch.h"

#include <cstdlib>

#include "node/cli/bench_system.h"

namespace node::cli {

crdt::Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make(const std::string& base,
                                                                 bool keep) {
  std::error_code error;
  std::filesystem::path in = base;
  if (in.empty()) in = std::filesystem::temp_directory_path(error);
  if (!error) std::filesystem::create_directories(in, error);
  std::string path = (in / "muster-bench-XXXXXX").string();
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

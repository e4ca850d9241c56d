#include "node/cli/join_folder.h"

#include <filesystem>

#include "node/text_file.h"

namespace node::cli {
namespace {

constexpr const char* kMark = "joining";
constexpr const char* kKey = "identity.key";

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

void JoinFolder::remove(const char* name) const {
  std::error_code ignored;
  std::filesystem::remove(path(name), ignored);
}

crdt::Result<gossip::PrivateKey> JoinFolder::open() {
  made_dir_ = !is_there(dir_);
  const bool begun = is_there(path(kMark)) && !is_there(path("config.json"));
  if (!begun) {
    if (const auto free = refuse_existing(dir_); !free) return free.error();
  }
  if (const auto made = make_dir(dir_); !made) return made.error();
  made_key_ = !is_there(path(kKey));
  opened_ = true;
  if (!begun) {
    const auto marked =
        write_new_file(path(kMark), "muster join began here; run it again to go on\n");
    if (!marked) return marked.error();
  }
  auto key = identity_in(dir_);
  if (!key) made_key_ = false;  // Whatever lies there is not this join's.
  return key;
}

crdt::Result<void> JoinFolder::finish(const NodeFiles& files) {
  for (const char* name : {"membership", "cluster-secret"}) remove(name);
  if (const auto written = write_files(files); !written) return written;
  remove(kMark);
  return {};
}

JoinFolder::~JoinFolder() {
  if (!opened_ || kept_ || !made_key_) return;
  remove(kKey);
  remove(kMark);
  std::error_code ignored;
  if (made_dir_) std::filesystem::remove(dir_, ignored);  // Where it is empty.
}

}  // namespace node::cli

// ScratchFolder: where a benchmark's peers keep their files; it goes with its owner.
//
// Shape    "muster-bench-<process>-XXXXXX"; those of processes that are gone go with the next one.
// Errors   one sentence; a folder in memory is refused, where nothing is durable.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "crdt/result.h"

namespace node::cli {

class ScratchFolder {
 public:
  // In `base`, or where temporary files go; `keep` leaves it there.
  [[nodiscard]] static crdt::Result<std::unique_ptr<ScratchFolder>> make(const std::string& base,
                                                                         bool keep);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFolder(std::filesystem::path path, bool keep) : path_(std::move(path)), keep_(keep) {}

  std::filesystem::path path_;
  bool keep_;
};

}  // namespace node::cli

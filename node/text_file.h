// TextFile: small files as a whole, with the sentence that an operator needs where one fails.
#pragma once

#include <string>
#include <string_view>

#include "crdt/result.h"

namespace node {

inline constexpr std::size_t kTextFileBytesMax = 1
                                                 << 20;  // Configuration and keys are far smaller.

struct TextFile {
  std::string text;
  bool world_readable = false;
};

[[nodiscard]] crdt::Result<TextFile> read_text_file(const std::string& path);

// Mode 0600. Never replaces a file: an Error where one is there.
[[nodiscard]] crdt::Result<void> write_new_file(const std::string& path, std::string_view text);

// As write_new_file, and whoever reads `path` meanwhile sees the old text or the new one. REQUIRES
// one writer at a time.
[[nodiscard]] crdt::Result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace node

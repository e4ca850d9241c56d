// Makes durable which files a folder holds.
#pragma once

#include <filesystem>

namespace node {

// 0, or what the system says.
[[nodiscard]] int sync_folder(const std::filesystem::path& folder);

}  // namespace node

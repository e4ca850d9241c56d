// What the kernel says of this process and of the disk below a folder, for SystemFacts.
#pragma once

#include <cstdint>
#include <string>

namespace node {

struct DiskSpace {
  std::uint64_t free_bytes = 0;  // For this user.
  std::uint64_t bytes = 0;
};

// Zeros where the kernel does not say.
[[nodiscard]] DiskSpace disk_space_of(const std::string& folder);
[[nodiscard]] std::uint64_t open_descriptors();
[[nodiscard]] std::uint64_t descriptors_allowed();
[[nodiscard]] std::uint64_t resident_anonymous_bytes();

}  // namespace node

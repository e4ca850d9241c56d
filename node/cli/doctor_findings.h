// What `muster doctor` makes of a running peer's status: findings, each with what to do.
//
// Shape    pure: JSON in, findings out. What must be tried (dialling, locks, ports) is in
//          node/cli/doctor_probe.h.
// Errors   fields that a status lacks, as an older peer's does, are not judged.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace node::cli {

struct Finding {
  std::string name;  // For programs: "wrong-secret".
  std::string what;  // What is wrong, and how that shows.
  std::string todo;  // What to do next.

  bool operator==(const Finding&) const = default;
};

// Of `status`, as GET /status says it. `software` is this program's.
[[nodiscard]] std::vector<Finding> judge_status(const nlohmann::json& status,
                                                const std::string& software);

// A disk nearly full, whoever measured it; empty where there is room.
[[nodiscard]] std::vector<Finding> judge_disk(std::uint64_t free_bytes, std::uint64_t bytes,
                                              std::uint64_t reserve_bytes,
                                              const std::string& folder);

// Descriptors that a peer may open, against what it needs beside its connections.
[[nodiscard]] std::vector<Finding> judge_descriptors(std::uint64_t used, std::uint64_t allowed,
                                                     std::uint64_t connections_max);

}  // namespace node::cli

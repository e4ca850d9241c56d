// What the machine says about a benchmark: CPU time, memory, the disk beneath it.
//
// Errors   what cannot be read is nullopt or an Error, never 0: a missing figure must not look like
//          a splendid one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace node::cli {

// User and system time of all threads of a process, to the nanosecond (its CPU clock; the ticks of
// /proc/PID/stat are 10 ms). What the kernel does for it elsewhere, such as writing its pages back,
// is not in it.
[[nodiscard]] std::optional<std::chrono::nanoseconds> cpu_time_of(pid_t process);

// Of all of them.
[[nodiscard]] crdt::Result<std::chrono::nanoseconds> cpu_time_of(
    const std::vector<pid_t>& processes);

// RssAnon out of the text of /proc/PID/status: memory that is not a mapped file, in MiB.
[[nodiscard]] std::optional<double> rss_anon_mib_in(std::string_view proc_status);
[[nodiscard]] std::optional<double> rss_anon_mib(pid_t process);

// Time that all processors together were busy since boot, out of the text of /proc/stat.
[[nodiscard]] std::optional<std::chrono::milliseconds> busy_time_in(std::string_view proc_stat);
[[nodiscard]] std::optional<std::chrono::milliseconds> busy_time();

// Whether a folder is on a disk at all: on a tmpfs, a benchmark of durability means nothing.
[[nodiscard]] bool is_in_memory(const std::filesystem::path& folder);

// How often a second a preallocated file of one page can be overwritten and synced there.
[[nodiscard]] crdt::Result<double> fdatasync_per_second(const std::filesystem::path& folder,
                                                        std::chrono::milliseconds duration);

}  // namespace node::cli

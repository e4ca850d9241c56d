// The store of a peer that does not run, as a benchmark prepares it.
//
// Errors   one sentence; a store that cannot be opened, written or read is left as it was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "crdt/result.h"

namespace node::cli {

struct BenchStore {
  std::filesystem::path folder;
  std::string cluster;
  std::string node;
};

// Makes a store that holds so many channels of kFilledTasks tasks each. REQUIRES that none is
// there.
inline constexpr std::uint64_t kFilledTasks = 16;
[[nodiscard]] crdt::Result<void> fill_store(
    const BenchStore& store, std::uint64_t channels,
    const std::function<void(std::uint64_t done)>& on_progress);

// Changes a task in each of `count` filled channels, spread over all of them; `round` numbers such
// calls. Returns the octets of the messages that bring just that.
[[nodiscard]] crdt::Result<std::uint64_t> change_store(const BenchStore& store,
                                                       std::uint64_t channels, std::uint64_t count,
                                                       std::uint64_t round);

// Forgets how far it covers other peers' logs.
[[nodiscard]] crdt::Result<void> erase_cursors(const BenchStore& store);

}  // namespace node::cli

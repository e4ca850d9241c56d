// Makes a new LMDB data file, whole or not at all: LMDB itself writes the first two pages of one
// without a sync, and a power cut there leaves what no LMDB opens again.
//
// Shape    built under another name, synced, then renamed into place; the folder is synced, too.
//          What an earlier attempt left under that name is thrown away.
#pragma once

#include <cstdint>
#include <string>

#include "crdt/bytes.h"

namespace node {

// With one entry, so that whoever opens it later can tell it from every other file. 0, or what LMDB
// or the system says. REQUIRES that nobody else uses the folder.
[[nodiscard]] int create_lmdb_file(const std::string& path, std::uint64_t map_bytes,
                                   crdt::BytesView key, crdt::BytesView value);

// Gives a synced file its name, durably; EEXIST where that is taken. 0, or what the system says.
[[nodiscard]] int publish_file(const std::string& unfinished, const std::string& path);

}  // namespace node

// Looks over an LMDB data file before LMDB maps it: LMDB trusts its pages, so a damaged or
// shortened file would end the process with a signal instead of a sentence.
//
// Shape    walks the newest meta page's two trees: page numbers, flags, offsets and sizes must lie
//          inside the file. Values are not looked at: whoever wrote them put a checksum there.
// Size     the whole tree of files up to kFullCheckBytesMax; above, branch pages only (under one
//          percent of the file), which still finds a file that was cut short.
// Source   lmdb-0.9.24 mdb.c: MDB_page, MDB_meta, MDB_node, on 64-bit machines.
#pragma once

#include <cstddef>
#include <string>

#include "crdt/result.h"

namespace node {

// Read in about 0.1 s from a warm page cache: no start should wait much longer for this.
inline constexpr std::size_t kFullCheckBytesMax = 256 << 20;

// A missing or empty file is an Error as well: LMDB would make a new store of it, in silence. A new
// one comes from node/lmdb_create.h.
[[nodiscard]] crdt::Result<void> check_lmdb_file(const std::string& path);

// Whether the file is there, can be read, and is no usable store.
[[nodiscard]] bool is_damaged_lmdb_file(const std::string& path);

}  // namespace node

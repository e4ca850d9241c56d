#include "node/lmdb_create.h"

#include <fcntl.h>
#include <lmdb.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "node/sync_folder.h"

namespace node {
namespace {

int put_one(MDB_env* environment, crdt::BytesView key, crdt::BytesView value) {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment, nullptr, 0, &transaction)) return code;
  MDB_dbi database = 0;
  MDB_val name{key.size(), const_cast<char*>(key.data())};
  MDB_val content{value.size(), const_cast<char*>(value.data())};
  int code = mdb_dbi_open(transaction, nullptr, 0, &database);
  if (code == 0) code = mdb_put(transaction, database, &name, &content, 0);
  if (code == 0) return mdb_txn_commit(transaction);  // Syncs all that was written so far.
  mdb_txn_abort(transaction);
  return code;
}

int build(const std::string& path, std::uint64_t map_bytes, crdt::BytesView key,
          crdt::BytesView value) {
  MDB_env* environment = nullptr;
  if (const int code = mdb_env_create(&environment)) return code;
  int code = mdb_env_set_mapsize(environment, map_bytes);
  // NOLOCK: nobody else knows this name, and a lock file would stay behind.
  if (code == 0) code = mdb_env_open(environment, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600);
  if (code == 0) code = put_one(environment, key, value);
  mdb_env_close(environment);
  return code;
}

}  // namespace

int publish_file(const std::string& unfinished, const std::string& path) {
  if (::link(unfinished.c_str(), path.c_str()) != 0) return errno;
  if (::unlink(unfinished.c_str()) != 0) return errno;
  return sync_folder(std::filesystem::absolute(path).parent_path());
}

int create_lmdb_file(const std::string& path, std::uint64_t map_bytes, crdt::BytesView key,
                     crdt::BytesView value) {
  const std::string unfinished = path + ".new";
  if (::unlink(unfinished.c_str()) != 0 && errno != ENOENT) return errno;
  if (const int code = build(unfinished, map_bytes, key, value)) {
    ::unlink(unfinished.c_str());
    return code;
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return errno;
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  // The folder may be new as well. Where its own place cannot be read, it is older.
  static_cast<void>(sync_folder(folder.parent_path()));
  return sync_folder(folder);
}

}  // namespace node

// FileCalls: the program's own calls that write and sync files, for folders that are watched.
//
// Shape    simulation/file_calls.cc defines pwrite(), writev(), fdatasync(), fsync(),
//          posix_fallocate(), statvfs() and unlink(); whoever calls one of them, a shared library
//          included, calls these. They find the folder by the descriptor's path, so that nothing
//          has to be known of who opened or closed it.
// Thread   one, while any folder is watched.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace simulation {

class UnsyncedFiles;

// By path.
[[nodiscard]] std::map<std::string, UnsyncedFiles*, std::less<>>& watched_folders();

}  // namespace simulation

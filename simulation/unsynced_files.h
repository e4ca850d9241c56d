// UnsyncedFiles: the files of a store's folder as a disk keeps them: what was written and not yet
// synced is there in part, or not at all, once the power went.
//
// Shape    a program that links this has its own pwrite, writev, fdatasync, fsync, posix_fallocate,
//          statvfs and unlink: of the files called data.mdb or journal-* in a watched folder they
//          come here, of all others they go to the kernel. The files are what the kernel's cache
//          would hold; kept here is what their pages held when they were last synced.
//          A write through a descriptor with O_DSYNC is synced at once. Names, and room that is
//          allocated, are there at once, too.
// Laws     what was synced is never put back, unless the disk lies: then syncs hold later, in their
//          order, and a power loss takes back the last of them, new files and journals that were
//          removed meanwhile included.
// Thread   one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulation/dice.h"

namespace simulation {

class UnsyncedFiles {
 public:
  static constexpr std::size_t kPageBytes = 4'096;  // LMDB's, and the journal's.
  static constexpr std::size_t kSectorBytes = 512;  // What a disk writes whole.

  // What becomes of a call.
  class Rules {
   public:
    // An `error` is returned, whether the call takes place or not.
    struct Fate {
      int error = 0;
      bool happens = true;
    };

    virtual ~Rules() = default;
    [[nodiscard]] virtual Fate on_write() = 0;
    [[nodiscard]] virtual Fate on_sync() = 0;  // Of what there is to sync.
    virtual void on_synced() = 0;
    [[nodiscard]] virtual std::uint64_t free_bytes() const = 0;
  };

  // Watches `folder`, a path without links in it. `rules` outlive this.
  UnsyncedFiles(std::string folder, Rules& rules);
  ~UnsyncedFiles();

  UnsyncedFiles(const UnsyncedFiles&) = delete;
  UnsyncedFiles& operator=(const UnsyncedFiles&) = delete;

  // Of the syncs while it lies, a power loss keeps the first `kept_percent`. Once it no longer
  // lies, all of them hold.
  void set_lying(bool lying, std::uint64_t kept_percent);

  // The power goes: unsynced pages are kept or not, or torn, as the dice fall; and syncs that do
  // not hold are taken back, if `lies_too`. REQUIRES that nobody has the files open.
  void lose_power(Dice& dice, bool lies_too);

  // The files are others now.
  void forget();

  // --- the calls ---
  // `write` returns what the kernel said.
  [[nodiscard]] ssize_t write(int descriptor, const std::string& name, off_t offset,
                              std::size_t size, const std::function<ssize_t()>& write);
  [[nodiscard]] int sync(const std::string& name);
  [[nodiscard]] int allocate(int descriptor, const std::string& name, off_t end);
  // Whether a file is to be removed: not yet, where that may have to be taken back.
  [[nodiscard]] bool removes(const std::string& name);
  [[nodiscard]] std::uint64_t free_bytes() const { return rules_.free_bytes(); }

 private:
  class Descriptor;
  using Pages = std::map<std::uint64_t, std::string>;  // What they held: less where a file ended.
  struct File {
    std::shared_ptr<Descriptor> own;
    off_t size = 0;  // When it was last synced.
    Pages pages;
  };

  void keep_pages(int descriptor, const std::string& name, off_t offset, std::size_t size);
  [[nodiscard]] int sync_pages(const std::string& name, std::uint64_t first, std::uint64_t last);
  static void put_back(const File& file);
  static void take_back(const File& file);
  void lose_some(Dice& dice);

  std::string folder_;
  Rules& rules_;
  std::map<std::string, File> files_;  // With unsynced pages, by name.
  std::vector<File> lies_;             // What each sync that does not hold would have to put back.
  std::vector<std::string> removed_;   // Meanwhile, by name.
  bool lying_ = false;
  std::uint64_t kept_percent_ = 0;
};

}  // namespace simulation

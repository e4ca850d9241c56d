// JournalFile: the pages of a Journal in a file of their own beside the store.
//
// Shape    <dir>/journal-<identity, 16 hex digits>. The store says which one is its own, so that a
//          new one can be taken, and is, without ever doing without the one before it.
//          What is written goes past the cache of the kernel where the file system can do that: of
//          a page that is read once at most, a copy there costs more than the write itself.
// Size     32 MiB unless told otherwise, allocated when it is made: a commit neither waits for
//          space nor changes the file's own description, and fails for want of space only where
//          files cannot be allocated.
// Errors   a file that is missing or too short is an Error: what waited in it is not in the store.
// Thread   one.
#pragma once

#include <sys/types.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "node/journal_storage.h"

namespace node {

class JournalFile final : public JournalStorage {
 public:
  static constexpr std::size_t kPages = 8'192;
  static constexpr std::size_t kSmallPages = 2'048;  // One that was made when they were smaller.

  enum class Access {
    kOwner,
    kBystander,  // Reads only, while the owner may write.
  };

  // `pages`: of those that it makes.
  explicit JournalFile(std::string dir, Access access = Access::kOwner, std::size_t pages = kPages)
      : dir_(std::move(dir)), access_(access), made_pages_(pages) {}
  ~JournalFile() override;

  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  // Whether the file of a store's folder that is called so is a journal.
  [[nodiscard]] static bool is_called(const std::string& name);

  [[nodiscard]] boost::system::result<std::uint64_t, CommitError> make() override;
  [[nodiscard]] crdt::Result<void> open(std::uint64_t identity) override;
  void remove(std::uint64_t identity) override;
  [[nodiscard]] std::size_t pages() const override { return pages_; }
  [[nodiscard]] crdt::Result<crdt::Bytes> read(std::size_t slot, std::size_t count) override;
  [[nodiscard]] boost::system::result<void, CommitError> write(std::size_t slot,
                                                               crdt::BytesView pages) override;
  [[nodiscard]] boost::system::result<void, CommitError> sync() override;
  [[nodiscard]] bool shared() const override { return access_ == Access::kBystander; }

 private:
  struct Free {
    void operator()(char* buffer) const { std::free(buffer); }
  };

  [[nodiscard]] std::string path_of(std::uint64_t identity) const;
  void take(int descriptor, std::string path);
  [[nodiscard]] ssize_t write_some(crdt::BytesView pages, off_t at);
  [[nodiscard]] CommitError failed(const char* what, int code) const;

  std::string dir_;
  Access access_;
  std::string path_;  // Of the open one.
  int descriptor_ = -1;
  std::size_t made_pages_;
  std::size_t pages_ = made_pages_;
  int direct_ = -1;  // The same file, to be written past the cache; -1 where that cannot be.
  std::unique_ptr<char, Free> buffer_;  // For that, of whole pages at addresses of pages.
};

}  // namespace node

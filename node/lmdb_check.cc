#include "node/lmdb_check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace node {
namespace {

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08;
constexpr std::uint16_t kBigData = 0x01;  // Node flag: the value lies in overflow pages.
constexpr std::uint64_t kNoRoot = ~std::uint64_t{0};
constexpr std::size_t kHeaderBytes = 16, kNodeBytes = 8;
constexpr int kDepthMax = 32;  // LMDB's own cursor stack.

struct Tree {
  std::uint32_t page_bytes;  // In the first tree of a meta page; unused elsewhere.
  std::uint16_t flags, depth;
  std::uint64_t branches, leaves, overflows, entries, root;
};
struct Meta {
  std::uint32_t magic, version;
  std::uint64_t address, map_bytes;
  Tree trees[2];
  std::uint64_t last_page, transaction;
};
static_assert(sizeof(Tree) == 48 && sizeof(Meta) == 136);

class Walk {
 public:
  Walk(std::string_view file, std::size_t page_bytes)
      : file_(file), page_bytes_(page_bytes), pages_(file.size() / page_bytes) {}

  bool tree(const Tree& tree) { return tree.root == kNoRoot || page(tree.root, tree.depth); }

 private:
  template <class T>
  [[nodiscard]] T read(std::size_t offset) const {
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }

  // `depth` counts the levels from here down, this one included.
  bool page(std::uint64_t number, int depth) {
    if (number < 2 || number >= pages_ || depth < 1 || depth > kDepthMax) return false;
    if (++visited_ > pages_) return false;  // A loop.
    if (depth == 1 && file_.size() > kFullCheckBytesMax) return true;
    const std::size_t at = number * page_bytes_;
    const auto flags = read<std::uint16_t>(at + 10);
    if (read<std::uint64_t>(at) != number) return false;
    if ((flags & (kBranch | kLeaf | kOverflow | kMeta)) != (depth > 1 ? kBranch : kLeaf))
      return false;
    const std::size_t lower = read<std::uint16_t>(at + 12);
    const std::size_t upper = read<std::uint16_t>(at + 14);
    if (lower < kHeaderBytes || lower > upper || upper > page_bytes_ || lower % 2 != 0)
      return false;
    for (std::size_t place = kHeaderBytes; place < lower; place += 2) {
      const std::size_t node = read<std::uint16_t>(at + place);
      if (node < upper || node + kNodeBytes > page_bytes_) return false;
      if (!(depth > 1 ? branch_node(at, node, depth) : leaf_node(at, node))) return false;
    }
    return true;
  }

  bool branch_node(std::size_t at, std::size_t node, int depth) {
    if (node + kNodeBytes + read<std::uint16_t>(at + node + 6) > page_bytes_) return false;
    const std::uint64_t child = read<std::uint16_t>(at + node) |
                                std::uint64_t{read<std::uint16_t>(at + node + 2)} << 16 |
                                std::uint64_t{read<std::uint16_t>(at + node + 4)} << 32;
    return page(child, depth - 1);
  }

  [[nodiscard]] bool leaf_node(std::size_t at, std::size_t node) const {
    const std::uint64_t size =
        read<std::uint16_t>(at + node) | std::uint64_t{read<std::uint16_t>(at + node + 2)} << 16;
    const std::size_t data = node + kNodeBytes + read<std::uint16_t>(at + node + 6);
    if ((read<std::uint16_t>(at + node + 4) & kBigData) == 0) return data + size <= page_bytes_;
    if (data + sizeof(std::uint64_t) > page_bytes_) return false;
    const auto first = read<std::uint64_t>(at + data);
    const std::uint64_t count = (kHeaderBytes + size + page_bytes_ - 1) / page_bytes_;
    if (first < 2 || first >= pages_ || count > pages_ - first) return false;
    const std::size_t there = first * page_bytes_;
    return read<std::uint64_t>(there) == first &&
           (read<std::uint16_t>(there + 10) & kOverflow) != 0;
  }

  std::string_view file_;
  std::size_t page_bytes_;
  std::uint64_t pages_;
  std::uint64_t visited_ = 0;
};

std::optional<Meta> read_meta(std::string_view file, std::size_t offset) {
  if (offset + kHeaderBytes + sizeof(Meta) > file.size()) return std::nullopt;
  Meta meta;
  std::uint16_t flags;
  std::memcpy(&flags, file.data() + offset + 10, sizeof(flags));
  std::memcpy(&meta, file.data() + offset + kHeaderBytes, sizeof(Meta));
  if ((flags & kMeta) == 0 || meta.magic != kMagic || meta.version != kVersion) return std::nullopt;
  const std::uint32_t page_bytes = meta.trees[0].page_bytes;
  if (page_bytes < 512 || page_bytes > 65'536 || (page_bytes & (page_bytes - 1)) != 0) {
    return std::nullopt;
  }
  return meta;
}

const char* fault_in(std::string_view file) {
  const std::optional<Meta> first = read_meta(file, 0);
  if (!first) return "it is not an LMDB file, or its first page is damaged";
  const std::size_t page_bytes = first->trees[0].page_bytes;
  const std::optional<Meta> second = read_meta(file, page_bytes);
  if (!second || second->trees[0].page_bytes != page_bytes) return "its second page is damaged";
  const Meta& newest = second->transaction > first->transaction ? *second : *first;
  Walk walk(file, page_bytes);
  for (const Tree& tree : newest.trees) {
    if (!walk.tree(tree)) return "pages are damaged, or the file was cut short";
  }
  return nullptr;
}

using Fault = std::optional<std::string>;

// Why the file is no usable store; nothing where it is one. An Error where that cannot be told.
crdt::Result<Fault> fault_of(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return crdt::Error("cannot read " + path + ": " + std::strerror(errno));
  struct stat info {};
  const bool known = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = static_cast<std::size_t>(info.st_size);
  void* map = nullptr;
  if (known && size > 0) map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (!known) return crdt::Error(path + " is not a file");
  if (size == 0) return Fault("it is empty");
  if (map == MAP_FAILED) return crdt::Error("cannot read " + path + ": " + std::strerror(errno));
  const char* fault = fault_in({static_cast<const char*>(map), size});
  ::munmap(map, size);
  return fault == nullptr ? Fault() : Fault(fault);
}

}  // namespace

crdt::Result<void> check_lmdb_file(const std::string& path) {
  const auto fault = fault_of(path);
  if (!fault) return fault.error();
  if (*fault) return crdt::Error(path + " is no usable store: " + **fault);
  return {};
}

bool is_damaged_lmdb_file(const std::string& path) {
  const auto fault = fault_of(path);
  return fault && *fault;
}

}  // namespace node

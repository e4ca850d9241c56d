// Backup files: frames of any content, mostly under the right checksum.
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node/backup_file.h"
#include "tests/fuzz/target.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;

// A file of the frames that `plan` lists: a kind and a piece each; the end is the right one.
Bytes file_of(BytesView plan) {
  Bytes file = "muster backup 1\n";
  const std::uint64_t rows = fuzz::take_octet(plan);
  while (!plan.empty()) {
    const auto kind = static_cast<char>(fuzz::take_octet(plan));
    const BytesView piece = fuzz::take_piece(plan);
    file += Bytes(1, kind) + crdt::big_endian(piece.size());
    file += piece;
  }
  Bytes sum(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(sum.data()), sum.size(),
                     reinterpret_cast<const unsigned char*>(file.data()), file.size(), nullptr, 0);
  const Bytes end = crdt::big_endian(rows) + sum;
  return file + "e" + crdt::big_endian(end.size()) + end;
}

}  // namespace

FUZZ_TARGET(backup) {
  const bool raw = fuzz::take_octet(bytes) % 4 == 0;
  const Bytes content = raw ? Bytes(bytes) : file_of(bytes);
  const int file = ::memfd_create("backup", MFD_CLOEXEC);
  CHECK(file >= 0);
  CHECK(::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  std::uint64_t rows = 0;
  Bytes last;
  const auto summary = node::read_backup(
      "/proc/self/fd/" + std::to_string(file), [&](BytesView key, BytesView) -> crdt::Result<void> {
        CHECK(rows == 0 || last < key);  // In order, as a store takes them.
        last = key;
        ++rows;
        return {};
      });
  ::close(file);
  if (summary) CHECK(summary->rows == rows && summary->bytes == content.size());
}

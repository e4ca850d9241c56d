// Export and import of a whole store: files of node/replica_export.h's lines.
//
// Shape    an export is read from a snapshot, running peer or not, and each line is sealed together
//          with all before it (node/export_seal.h): a line that was changed, left out or cut off
//          shows. An import reads all of the file before it changes anything; then it joins some
//          hundred lines a commit, or hands them to a running peer.
// Errors   bad lines are named by number, the first few of them; then nothing is imported. An
//          import that is interrupted later is simply made again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "crdt/result.h"
#include "node/backup.h"
#include "node/config.h"
#include "node/replica_export.h"

namespace node {

struct ExportReport {
  ExportEnd counts;
  std::uint64_t bytes = 0;
};

// To `file`, which must not be there, not even as a link to nowhere; to stdout where it is "-".
[[nodiscard]] crdt::Result<ExportReport> write_export(const std::string& dir,
                                                      const std::string& file,
                                                      const OnProgress& on_progress);

// Whether sums and counts must be as write_export() left them. A document that was edited keeps the
// dots and the version of the one it was: a peer that holds that one takes nothing of it, and its
// hash equals that of a peer that took the edited one. They differ for good, and nothing shows it.
enum class Edited { kRefuse, kTake };

// The whole file is sound: its head and what it holds. `cluster`, where not empty, must be the
// head's.
struct ExportFile {
  ExportHead head;
  ExportEnd counts;
  std::uint64_t bytes = 0;
};
[[nodiscard]] crdt::Result<ExportFile> check_export(const std::string& file,
                                                    const std::string& cluster,
                                                    Edited edited = Edited::kRefuse);

// Calls `visit` for each document and record, in order, with its line's number and text.
using VisitLine = std::function<crdt::Result<void>(std::uint64_t number, const std::string& text)>;
[[nodiscard]] crdt::Result<void> scan_export(const std::string& file, const VisitLine& visit);

struct ImportReport {
  std::uint64_t lines = 0;
  std::uint64_t changed = 0;  // Of them: the others held nothing that was new.
};

// Into the store of a peer that does not run. A peer that never ran gets a store, where the place
// says whose it is. REQUIRES check_export().
[[nodiscard]] crdt::Result<ImportReport> import_into_store(const std::string& file,
                                                           const StorePlace& place,
                                                           const OnProgress& on_progress);

}  // namespace node

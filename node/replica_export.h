// Export: what a store holds as lines of JSON that people can read, and the way back.
//
// Shape    one object a line. First {"muster_export": 2, "cluster", "node", "made_at"}, then
//          documents {"document": key, "context": {replica: counter}, "leaves": [{"path", "dot":
//          [replica, counter], "rank", "request", "author", "value"}]} and records {"record": key,
//          "value"}, at the end {"end": true, "documents": n, "records": n}. Text that is not UTF-8
//          stands as {"base64": "..."}. Replica and request ids are hexadecimal. In a file each
//          line ends with a "sum" (node/export_seal.h), which is not looked at here.
// Laws     an import is a join: a document is merged as a peer's would be, a record is added. So
//          importing twice is importing once, and an old file undoes nothing that is newer.
// Errors   what a peer could not have sent is refused (crdt/codec.h): one sentence that names the
//          field.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "crdt/repository.h"
#include "crdt/result.h"

namespace node {

struct ExportHead {
  std::string cluster;
  std::string node;
  std::string made_at;
};

struct ExportEnd {
  std::uint64_t documents = 0;
  std::uint64_t records = 0;
};

[[nodiscard]] std::string to_line(const ExportHead& head);
[[nodiscard]] std::string to_line(const std::string& key, const crdt::Document& document);
[[nodiscard]] std::string to_line(const crdt::Record& record);
[[nodiscard]] std::string to_line(const ExportEnd& end);

struct DocumentImport {
  std::string key;
  crdt::Fragment fragment;  // Of the whole document: it was asked for with nothing.
};
using ExportLine = std::variant<ExportHead, DocumentImport, crdt::Record, ExportEnd>;

[[nodiscard]] crdt::Result<ExportLine> parse_export(const nlohmann::json& line);
[[nodiscard]] crdt::Result<ExportLine> parse_export(std::string_view line);

// What an import changed here, to be passed on; seq 0 where it is no news.
struct Imported {
  std::uint64_t seq = 0;
  crdt::Change change;
};

// Joins one document or record. A head or an end changes nothing.
[[nodiscard]] crdt::Result<Imported> import_line(crdt::Repository& repository, ExportLine line);

}  // namespace node

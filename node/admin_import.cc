#include "node/admin_import.h"

#include <utility>
#include <vector>

#include "node/replica_export.h"
#include "slack/json_reader.h"

namespace node {

void serve_import(AdminContext& context, const AdminRequest& request) {
  const nlohmann::json* lines = slack::member(request.body, "lines");
  if (lines == nullptr || !lines->is_array()) {
    return refuse(context, request, 400, "the body takes {\"lines\": [...]}, lines of an export");
  }
  if (context.peer == nullptr) {
    return refuse(context, request, 503,
                  "this peer cannot store changes at the moment (its disk is full or failing)");
  }
  if (!context.unfit.empty()) return refuse(context, request, 503, context.unfit);
  const auto concern = parse_write_concern(request.query, 1 + context.peer->holders(0).size());
  if (!concern) return refuse(context, request, 400, concern.error().message);
  std::vector<ExportLine> parsed;
  for (const nlohmann::json& line : *lines) {
    auto read = parse_export(line);
    if (!read) {
      return refuse(context, request, 400,
                    "entry " + std::to_string(parsed.size() + 1) +
                        " of lines: " + read.error().message + "; nothing was imported");
    }
    // What a peer would refuse from another is refused from a file, too.
    const auto* record = std::get_if<crdt::Record>(&*read);
    const auto fault = record == nullptr ? std::nullopt : context.peer->roster().judge(*record);
    if (fault) {
      return refuse(context, request, 400,
                    "entry " + std::to_string(parsed.size() + 1) + " of lines: " + *fault +
                        "; nothing was imported");
    }
    parsed.push_back(std::move(*read));
  }
  std::uint64_t changed = 0;
  std::uint64_t seq = context.repository.head();  // Nothing new: all that is here is waited for.
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const auto imported = import_line(context.repository, std::move(parsed[i]));
    if (!imported) {
      return refuse(context, request, 409,
                    "entry " + std::to_string(i + 1) + " of lines: " + imported.error().message +
                        "; those before it were imported, which is harmless to repeat");
    }
    if (imported->seq == 0) continue;
    seq = imported->seq;
    ++changed;
    context.peer->relay(seq, imported->change);
  }
  context.answer_when_held(request, seq, *concern,
                           {{"lines", parsed.size()}, {"changed", changed}});
}

}  // namespace node

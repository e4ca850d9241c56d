#include "node/admin_forget.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "crdt/edit.h"
#include "crdt/keyspace.h"
#include "crdt/ksuid.h"
#include "crdt/request_id.h"
#include "node/replica_records.h"
#include "node/replica_retention.h"
#include "slack/ascii.h"
#include "slack/incident/purge.h"
#include "slack/incident/tasks.h"

namespace node {
namespace {

using crdt::WallTime;

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

crdt::Edit edit_of(AdminContext& context, const AdminRequest& request, const std::string& key,
                   const crdt::Document& document, std::string author) {
  return {document,
          context.repository.run(),
          {crdt::request_id_of({"admin", to_string(request.http.uuid)}), std::move(author)},
          {context.now.wall.time_since_epoch().count()},
          context.repository.previous_context(key)};
}

// "channel/T1/C1", or nothing where `name` is not "T1/C1".
std::optional<std::string> channel_key(const std::string& name) {
  const std::size_t slash = name.find('/');
  const auto is_id = [](std::string_view id) {
    return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
      return slack::is_letter(c) || slack::is_digit(c);
    });
  };
  if (slash == std::string::npos) return std::nullopt;
  const std::string_view text = name;
  if (!is_id(text.substr(0, slash)) || !is_id(text.substr(slash + 1))) return std::nullopt;
  std::string key = "channel/" + name;
  if (key.size() > crdt::keyspace::kDocumentKeyBytesMax) return std::nullopt;
  return key;
}

// What is younger than now is nobody's, by more than clocks and stamps differ.
constexpr std::chrono::minutes kAheadMax{5};

// Now, as Slack's stamps have it, so that what peers that are away made until now goes, too; just
// after the newest that this peer holds of the channel, where that is later or nothing came from
// Slack lately. What claims to be of the future does not move it: it only grows, and what people
// type tomorrow must not be hidden. Nothing where the peer holds nothing.
crdt::Result<std::optional<WallTime>> end_of(AdminContext& context, const std::string& key) {
  crdt::Repository& repository = context.repository;
  std::optional<WallTime> newest;
  const auto meet = [&](WallTime made) { newest = std::max(newest.value_or(made), made); };
  const crdt::Bytes prefix = crdt::record_key(kTimelineKind, key + '\0');
  const auto scanned =
      repository.scan_records(prefix, [&](crdt::BytesView name, crdt::BytesView v) {
        if (const auto origin = origin_of(name, v)) meet(origin->made);
        return true;
      });
  if (!scanned) return scanned.error();
  const auto document = repository.document(key);
  if (!document) return document.error();
  for (const crdt::Document::Core& leaf : (*document)->cores()) {
    if (const auto core = slack::incident::decode_core(leaf.value)) meet(WallTime(core->created));
  }
  if (!newest) return std::optional<WallTime>();
  const WallTime now = context.slack_now.value_or(context.now.wall);
  const WallTime behind = *newest + std::chrono::seconds(1);
  return std::optional(
      std::min(std::max(behind, context.slack_now.value_or(behind)), now + kAheadMax));
}

struct Forgetting {
  std::optional<crdt::Change> change;  // Absent: it was made before, and is to reach more peers.
  nlohmann::json said;
};

crdt::Result<crdt::Delta> horizon_delta(AdminContext& context, const AdminRequest& request,
                                        const std::string& document_key, WallTime before) {
  const std::string key(crdt::kHorizonKey);
  const auto horizon = context.repository.document(key);
  if (!horizon) return horizon.error();
  crdt::Edit edit = edit_of(context, request, key, **horizon, request.token.name);
  if (document_key.empty()) {
    crdt::move_horizon(edit, before);
  } else {
    crdt::move_horizon_of(edit, document_key, before);
  }
  return edit.finish();
}

crdt::Result<Forgetting> forget_channel(AdminContext& context, const AdminRequest& request,
                                        const std::string& key, WallTime before) {
  auto horizon = horizon_delta(context, request, key, before);
  if (!horizon) return horizon.error();
  const auto document = context.repository.document(key);
  if (!document) return document.error();
  crdt::Edit edit = edit_of(context, request, key, **document, "");
  const std::size_t tasks = slack::incident::purge_tasks(edit, before);
  Forgetting forgetting;
  forgetting.change.emplace().deltas.push_back(
      {std::string(crdt::kHorizonKey), std::move(*horizon)});
  if (!edit.empty()) forgetting.change->deltas.push_back({key, edit.finish()});
  forgetting.said = {{"channel", key}, {"before", seconds_of(before)}, {"tasks", tasks}};
  return forgetting;
}

void forget(AdminContext& context, const AdminRequest& request, crdt::Result<Forgetting> what) {
  if (!what) return refuse(context, request, 503, what.error().message);
  const auto concern = parse_write_concern(request.query, 1 + context.peer->holders(0).size());
  if (!concern) return refuse(context, request, 400, concern.error().message);
  const auto seq = what->change ? context.apply(*std::move(what->change))
                                : context.repository.last_touched(std::string(crdt::kHorizonKey));
  if (!seq) return refuse(context, request, 503, seq.error().message);
  context.answer_when_held(request, *seq, *concern, std::move(what->said));
}

// Whoever did not get to all peers the first time asks again.
Forgetting told_again(AdminContext& context, const std::string& key) {
  const WallTime before = context.repository.horizon().of(key);
  return {std::nullopt, {{"channel", key}, {"before", seconds_of(before)}, {"tasks", 0}}};
}

void serve_before(AdminContext& context, const AdminRequest& request) {
  const auto& asked = request.body["before"];
  constexpr std::uint64_t kSecondsMax = 1ull << 40;
  if (!asked.is_number_unsigned() || asked.get<std::uint64_t>() > kSecondsMax) {
    return refuse(context, request, 400, "\"before\" is a time in seconds since the Unix epoch");
  }
  const WallTime before(std::chrono::seconds(asked.get<std::int64_t>()));
  if (before <= context.repository.horizon().before()) {
    return refuse(context, request, 409,
                  "what is older than " + date_text(context.repository.horizon().before()) +
                      " is forgotten already; nothing was changed");
  }
  if (before > context.slack_now.value_or(context.now.wall) - kKeepMin) {
    return refuse(context, request, 400,
                  "the last " + std::to_string(kKeepMin.count()) +
                      " hours are kept: Slack may still ask about them; give an earlier time");
  }
  auto delta = horizon_delta(context, request, "", before);
  if (!delta) return refuse(context, request, 503, delta.error().message);
  Forgetting forgetting;
  forgetting.change.emplace().deltas.push_back({std::string(crdt::kHorizonKey), std::move(*delta)});
  forgetting.said = {{"before", seconds_of(before)}};
  forget(context, request, std::move(forgetting));
}

void serve_channel(AdminContext& context, const AdminRequest& request) {
  const auto& asked = request.body["channel"];
  const auto key = asked.is_string() ? channel_key(asked.get<std::string>()) : std::nullopt;
  if (!key) {
    return refuse(context, request, 400,
                  "\"channel\" is the workspace's id, a slash and the channel's, as in "
                  "\"T024BE7LD/C061EG9T2\"");
  }
  const auto before = end_of(context, *key);
  if (!before) return refuse(context, request, 503, before.error().message);
  const auto& forgotten = context.repository.horizon().documents();
  if (!*before && forgotten.contains(*key)) {
    return forget(context, request, told_again(context, *key));
  }
  if (!*before) {
    return refuse(context, request, 404,
                  "this peer holds no task, event or answer of " + asked.get<std::string>() +
                      "; nothing was changed. Slack shows the ids of a workspace and a channel in "
                      "the address of its web page");
  }
  forget(context, request, forget_channel(context, request, *key, **before));
}

}  // namespace

void serve_forget(AdminContext& context, const AdminRequest& request) {
  const auto& body = request.body;
  const bool by_time = body.is_object() && body.contains("before");
  const bool by_channel = body.is_object() && body.contains("channel");
  if (by_time == by_channel) {
    return refuse(context, request, 400,
                  "send {\"before\": seconds since the Unix epoch}, or {\"channel\": \"T1/C1\"}");
  }
  if (context.peer == nullptr) {
    return refuse(context, request, 503,
                  "this peer cannot store changes at the moment (its disk is full or failing)");
  }
  if (!context.unfit.empty()) return refuse(context, request, 503, context.unfit);
  if (by_time) return serve_before(context, request);
  serve_channel(context, request);
}

}  // namespace node

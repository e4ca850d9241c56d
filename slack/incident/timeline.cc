#include "slack/incident/timeline.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "crdt/bytes.h"
#include "slack/json_reader.h"
#include "slack/json_writer.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kBytesExpected = 512;  // Of most entries and details: grown once, not thrice.
constexpr std::size_t kIdChars = 32;         // Two 64-bit words in hex.
constexpr std::size_t kReplicaChars = 16;    // One.

std::string hex(std::uint64_t word) { return crdt::to_hex(crdt::big_endian(word)); }

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  const crdt::Bytes bytes = crdt::from_hex(text);
  if (text.size() != kReplicaChars || bytes.size() != sizeof(std::uint64_t)) return std::nullopt;
  return crdt::from_big_endian(bytes);
}

std::optional<crdt::RequestId> parse_request(std::string_view text) {
  if (text.size() != kIdChars) return std::nullopt;
  const auto high = parse_hex(text.substr(0, kReplicaChars));
  const auto low = parse_hex(text.substr(kReplicaChars));
  if (!high || !low) return std::nullopt;
  return crdt::RequestId{*high, *low};
}

void write_dot(JsonWriter& json, const crdt::Dot& dot) {
  json.key("dot").begin_array().string(hex(dot.replica.value));
  // A counter past 2^63 would take centuries of writes.
  json.number(static_cast<std::int64_t>(dot.counter)).end_array();
}

std::optional<crdt::Dot> read_dot(const nlohmann::json& object) {
  const nlohmann::json* dot = member(object, "dot");
  const bool sound = dot != nullptr && dot->is_array() && dot->size() == 2 &&
                     (*dot)[0].is_string() && (*dot)[1].is_number_unsigned();
  if (!sound) return std::nullopt;
  const auto replica = parse_hex((*dot)[0].get<std::string>());
  if (!replica) return std::nullopt;
  return crdt::Dot{crdt::ReplicaId{*replica}, (*dot)[1].get<std::uint64_t>()};
}

std::optional<FieldChange> read_change(const nlohmann::json& object) {
  const auto dot = read_dot(object);
  const nlohmann::json* old_values = member(object, "old");
  if (!dot || old_values == nullptr || !old_values->is_array()) return std::nullopt;
  FieldChange change{string_at(object, "path"), {}, string_at(object, "value"), *dot};
  for (const nlohmann::json& old_value : *old_values) {
    const auto old_dot = read_dot(old_value);
    if (!old_dot) return std::nullopt;
    change.old_values.push_back(
        {string_at(old_value, "value"), string_at(old_value, "author"), *old_dot});
  }
  return change;
}

}  // namespace

std::string encode(const Entry& entry) {
  std::string out;
  out.reserve(kBytesExpected);
  JsonWriter json(out);
  json.begin_object().key("v").number(kVersion);
  json.field("kind", "incident.command").field("verb", entry.verb).field("text", entry.text);
  json.field("author", entry.author).field("team", entry.team);
  json.field("document", entry.document).field("request", crdt::to_string(entry.request));
  json.key("at").number(entry.asked_at.time_since_epoch().count()).end_object();
  return out;
}

crdt::Result<Entry> decode_entry(std::string_view bytes) {
  const auto json = parse_json(bytes);
  if (!json || number_at(*json, "v") != kVersion) return crdt::Error("not a timeline entry");
  const auto request = parse_request(string_at(*json, "request"));
  const auto at = number_at(*json, "at");
  if (!request || !at) return crdt::Error("a timeline entry without its request or time");
  return Entry{string_at(*json, "verb"),
               string_at(*json, "text"),
               string_at(*json, "author"),
               string_at(*json, "team"),
               string_at(*json, "document"),
               *request,
               crdt::WallTime(crdt::WallClock::duration(*at))};
}

Detail detail_of(const crdt::Document& document, const crdt::Delta& delta,
                 const crdt::RequestId& request, crdt::ReplicaId replica) {
  Detail detail{request, replica, {}};
  for (const crdt::Leaf& leaf : delta.written) {
    if (!leaf.path.starts_with("t/")) continue;
    FieldChange change{leaf.path, {}, leaf.value, leaf.dot};
    for (const crdt::Leaf& old_leaf : document.at(leaf.path)) {
      change.old_values.push_back({old_leaf.value, old_leaf.stamp.author, old_leaf.dot});
    }
    detail.changes.push_back(std::move(change));
  }
  return detail;
}

std::string encode(const Detail& detail) {
  std::string out;
  out.reserve(kBytesExpected);
  JsonWriter json(out);
  json.begin_object().key("v").number(kVersion);
  json.field("kind", "incident.detail").field("request", crdt::to_string(detail.request));
  json.field("replica", hex(detail.replica.value)).key("changes").begin_array();
  for (const FieldChange& change : detail.changes) {
    json.begin_object().field("path", change.path).key("old").begin_array();
    for (const OldValue& old_value : change.old_values) {
      json.begin_object().field("value", old_value.value).field("author", old_value.author);
      write_dot(json, old_value.dot);
      json.end_object();
    }
    json.end_array().field("value", change.value);
    write_dot(json, change.dot);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

crdt::Result<Detail> decode_detail(std::string_view bytes) {
  const auto json = parse_json(bytes);
  if (!json || number_at(*json, "v") != kVersion) return crdt::Error("not a timeline detail");
  const auto request = parse_request(string_at(*json, "request"));
  const auto replica = parse_hex(string_at(*json, "replica"));
  const nlohmann::json* changes = member(*json, "changes");
  if (!request || !replica || changes == nullptr || !changes->is_array()) {
    return crdt::Error("a timeline detail without its request, replica or changes");
  }
  Detail detail{*request, crdt::ReplicaId{*replica}, {}};
  for (const nlohmann::json& object : *changes) {
    auto change = read_change(object);
    if (!change) return crdt::Error("a timeline detail with a malformed change");
    detail.changes.push_back(std::move(*change));
  }
  return detail;
}

}  // namespace slack::incident

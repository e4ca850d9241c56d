#include "node/replica_status.h"

#include <cstdlib>

#include "crdt/bytes.h"
#include "node/replica_retention.h"
#include "node/replica_version.h"
#include "slack/json_writer.h"

namespace node {
namespace {

std::string hex(std::uint64_t value) { return crdt::to_hex(crdt::big_endian(value)); }

void count(slack::JsonWriter& json, std::string_view name, std::uint64_t value) {
  json.key(name).number(static_cast<std::int64_t>(value));
}

void write(slack::JsonWriter& json, const SystemFacts& system) {
  json.begin_object();
  count(json, "store_bytes", system.store_bytes);
  count(json, "disk_free_bytes", system.disk_free_bytes);
  count(json, "disk_bytes", system.disk_bytes);
  count(json, "disk_reserve_bytes", system.disk_reserve_bytes);
  count(json, "journal_pages", system.journal_pages);
  count(json, "commits", system.commits);
  count(json, "descriptors", system.descriptors);
  count(json, "descriptors_max", system.descriptors_max);
  count(json, "memory_bytes", system.memory_bytes);
  count(json, "link_bytes_sent", system.link_bytes_sent);
  count(json, "link_bytes_received", system.link_bytes_received);
  json.end_object();
}

void write(slack::JsonWriter& json, const gossip::PeerStatus& peer) {
  json.begin_object();
  json.field("name", peer.name).field("address", peer.address).field("state", peer.state);
  json.key("their_cursor").number(static_cast<std::int64_t>(peer.their_cursor));
  json.key("our_cursor").number(static_cast<std::int64_t>(peer.our_cursor));
  if (!peer.lag_unknown) json.key("lag").number(static_cast<std::int64_t>(peer.lag));
  if (!peer.lag_unknown && peer.lag > 0) json.key("lag_seconds").number(peer.lag_age.count());
  json.field("member", peer.member);
  json.key("member_for_s").number(static_cast<std::int64_t>(peer.member_for.count()));
  json.key("incarnation").number(static_cast<std::int64_t>(peer.incarnation));
  if (!peer.trouble.empty()) json.field("trouble", peer.trouble);
  if (peer.lies > 0) json.key("lies").number(static_cast<std::int64_t>(peer.lies));
  if (peer.skipped > 0) count(json, "skipped_messages", peer.skipped);
  json.key("catching_up").boolean(peer.catching_up);
  if (peer.letter != 0) json.field("letter", std::string_view(&peer.letter, 1));
  if (!peer.software.empty()) json.field("software", peer.software);
  if (peer.keep_days > 0) json.key("retention_days").number(peer.keep_days);
  json.field("public_key", gossip::to_hex(peer.public_key));
  json.end_object();
}

// "-1.250"
std::string in_seconds(std::chrono::milliseconds time) {
  const auto whole = std::to_string(std::abs(time.count()) / 1000);
  const auto rest = std::to_string(1000 + std::abs(time.count()) % 1000).substr(1);
  return (time.count() < 0 ? "-" : "") + whole + "." + rest;
}

std::uint64_t seconds_of(crdt::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  return seconds.count() < 0 ? 0 : static_cast<std::uint64_t>(seconds.count());
}

void write(slack::JsonWriter& json, const RetentionStatus& retention) {
  json.begin_object();
  json.key("days").number(retention.keep / std::chrono::hours(24));
  if (retention.before != crdt::WallTime{}) json.field("since", date_text(retention.before));
  if (retention.oldest) json.field("oldest", date_text(*retention.oldest));
  if (retention.documents > 0) count(json, "forgotten", retention.documents);
  if (!retention.waits_for.empty()) {
    json.key("waits_for").begin_array();
    for (const std::string& name : retention.waits_for) json.string(name);
    json.end_array();
  }
  if (retention.waits_for_slack) json.key("waits_for_slack").boolean(true);
  json.end_object();
}

void metric(std::string& out, const char* type, const std::string& name, const std::string& labels,
            std::uint64_t value) {
  out += "# TYPE muster_" + name + " " + type + "\n";
  out += "muster_" + name + labels + " " + std::to_string(value) + "\n";
}

// One metric for all peers: the type line once, then a line for each.
void peer_metric(std::string& out, const Status& status, const std::string& name,
                 std::uint64_t (*value)(const gossip::PeerStatus&)) {
  out += "# TYPE muster_peer_" + name + " gauge\n";
  for (const gossip::PeerStatus& peer : status.peers) {
    out += "muster_peer_" + name + "{peer=\"" + peer.name + "\"} " + std::to_string(value(peer)) +
           "\n";
  }
}

}  // namespace

std::map<std::string, std::uint64_t> Counters::by_name() const {
  return {{"admin_refused", admin_refused},
          {"changes", changes},
          {"http_requests", http_requests},
          {"peer_warnings", peer_warnings},
          {"replies_before_every_peer_had_the_change", replies_before_every_peer_had_the_change},
          {"slack_commands", slack_commands},
          {"slack_events", slack_events},
          {"slack_forged", slack_forged},
          {"slack_rejected", slack_rejected},
          {"slack_retries", slack_retries},
          {"slack_untimely", slack_untimely},
          {"timeline_events", timeline_events}};
}

std::string to_json(const Status& status) {
  std::string out;
  slack::JsonWriter json(out);
  json.begin_object();
  json.field("name", status.name);
  json.field("software", "muster " + std::string(kVersion));
  json.key("ready").boolean(status.not_ready.empty());
  if (!status.not_ready.empty()) json.field("not_ready", status.not_ready);
  json.field("replica", hex(status.run.value)).field("run", hex(status.run.value));
  json.key("log_head").number(static_cast<std::int64_t>(status.log_head));
  json.key("documents").number(static_cast<std::int64_t>(status.digest.documents));
  json.key("records").number(static_cast<std::int64_t>(status.digest.records));
  json.field("state_hash", hex(status.digest.hash));
  json.key("read_only").boolean(status.read_only);
  json.key("complete").boolean(status.complete);
  json.field("catching_up", status.catching_up);
  json.key("rollbacks_found").number(static_cast<std::int64_t>(status.rollbacks_found));
  json.key("damage_found").number(static_cast<std::int64_t>(status.damage.found));
  json.key("damage_healed").number(static_cast<std::int64_t>(status.damage.healed));
  json.key("damage_lost").number(static_cast<std::int64_t>(status.damage.lost));
  json.key("unreadable").number(static_cast<std::int64_t>(status.unreadable));
  if (status.conflicts) {
    json.key("conflicts").number(static_cast<std::int64_t>(*status.conflicts));
  }
  if (status.clock_ahead) json.key("clock_ahead_ms").number(status.clock_ahead->count());
  json.field("letter", std::string_view(&status.letter, 1));
  if (!status.member_state.empty()) json.field("member_state", status.member_state);
  if (!status.roster_refused.empty()) {
    json.key("roster_refused").begin_array();
    for (const std::string& refusal : status.roster_refused) json.string(refusal);
    json.end_array();
  }
  json.key("peers").begin_array();
  for (const gossip::PeerStatus& peer : status.peers) write(json, peer);
  json.end_array();
  json.key("retention");
  write(json, status.retention);
  if (status.system) {
    json.key("system");
    write(json, *status.system);
  }
  json.key("counters").begin_object();
  for (const auto& [name, value] : status.counters) {
    json.key(name).number(static_cast<std::int64_t>(value));
  }
  json.end_object().end_object();
  return out;
}

std::string to_prometheus(const Status& status) {
  std::string out;
  metric(out, "gauge", "read_only", "", status.read_only ? 1 : 0);
  metric(out, "gauge", "complete", "", status.complete ? 1 : 0);
  metric(out, "gauge", "catching_up", "", status.catching_up.empty() ? 0 : 1);
  metric(out, "counter", "rollbacks_found_total", "", status.rollbacks_found);
  metric(out, "counter", "damage_found_total", "", status.damage.found);
  metric(out, "counter", "damage_healed_total", "", status.damage.healed);
  metric(out, "counter", "damage_lost_total", "", status.damage.lost);
  metric(out, "gauge", "unreadable", "", status.unreadable);
  metric(out, "gauge", "log_head", "", status.log_head);
  metric(out, "gauge", "documents", "", status.digest.documents);
  metric(out, "gauge", "records", "", status.digest.records);
  if (status.conflicts) metric(out, "gauge", "conflicts", "", *status.conflicts);
  metric(out, "gauge", "ready", "", status.not_ready.empty() ? 1 : 0);
  if (status.clock_ahead) {
    out += "# TYPE muster_clock_ahead_seconds gauge\nmuster_clock_ahead_seconds " +
           in_seconds(*status.clock_ahead) + "\n";
  }
  const RetentionStatus& retention = status.retention;
  metric(out, "gauge", "records_since_seconds", "", seconds_of(retention.before));
  if (retention.oldest) {
    metric(out, "gauge", "oldest_record_seconds", "", seconds_of(*retention.oldest));
  }
  metric(out, "gauge", "retention_waits_for_peers", "", retention.waits_for.size());
  metric(out, "gauge", "retention_waits_for_slack", "", retention.waits_for_slack ? 1 : 0);
  if (status.system) {
    metric(out, "gauge", "store_bytes", "", status.system->store_bytes);
    metric(out, "gauge", "disk_free_bytes", "", status.system->disk_free_bytes);
    metric(out, "gauge", "journal_pages", "", status.system->journal_pages);
    metric(out, "counter", "commits", "", status.system->commits);
    metric(out, "gauge", "descriptors", "", status.system->descriptors);
    metric(out, "gauge", "memory_bytes", "", status.system->memory_bytes);
    metric(out, "counter", "link_bytes_sent_total", "", status.system->link_bytes_sent);
    metric(out, "counter", "link_bytes_received_total", "", status.system->link_bytes_received);
  }
  peer_metric(out, status, "linked",
              [](const gossip::PeerStatus& peer) { return std::uint64_t{peer.state == "linked"}; });
  peer_metric(out, status, "alive",
              [](const gossip::PeerStatus& peer) { return std::uint64_t{peer.member == "alive"}; });
  peer_metric(out, status, "lag_rows", [](const gossip::PeerStatus& peer) { return peer.lag; });
  peer_metric(out, status, "skipped_messages",
              [](const gossip::PeerStatus& peer) { return peer.skipped; });
  peer_metric(out, status, "lag_seconds", [](const gossip::PeerStatus& peer) {
    return static_cast<std::uint64_t>(peer.lag_age.count());
  });
  for (const auto& [name, value] : status.counters)
    metric(out, "counter", name + "_total", "", value);
  return out;
}

}  // namespace node

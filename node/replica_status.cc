#include "node/replica_status.h"

#include "crdt/bytes.h"
#include "slack/json_writer.h"

namespace node {
namespace {

std::string hex(std::uint64_t value) { return crdt::to_hex(crdt::big_endian(value)); }

void write(slack::JsonWriter& json, const gossip::PeerStatus& peer) {
  json.begin_object();
  json.field("name", peer.name).field("address", peer.address).field("state", peer.state);
  json.key("their_cursor").number(static_cast<std::int64_t>(peer.their_cursor));
  json.key("our_cursor").number(static_cast<std::int64_t>(peer.our_cursor));
  json.key("lag").number(static_cast<std::int64_t>(peer.lag));
  json.key("catching_up").boolean(peer.catching_up);
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
          {"slack_rejected", slack_rejected},
          {"slack_retries", slack_retries},
          {"timeline_events", timeline_events}};
}

std::string to_json(const Status& status) {
  std::string out;
  slack::JsonWriter json(out);
  json.begin_object();
  json.field("name", status.name);
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
  json.key("peers").begin_array();
  for (const gossip::PeerStatus& peer : status.peers) write(json, peer);
  json.end_array();
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
  peer_metric(out, status, "linked",
              [](const gossip::PeerStatus& peer) { return std::uint64_t{peer.state == "linked"}; });
  peer_metric(out, status, "lag_rows", [](const gossip::PeerStatus& peer) { return peer.lag; });
  for (const auto& [name, value] : status.counters)
    metric(out, "counter", name + "_total", "", value);
  return out;
}

}  // namespace node

// The figures of `muster bench replication`, the limits they are held against, and their two forms.
//
// Shape    what was not measured is absent: null in JSON, a row that says so in the table.
// Units    as the names say. Octets "on the wire" have the headers of TCP and IP with them, sealed
//          ones have not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace node::cli {

// How long until every peer had a write: of each write the slowest peer.
struct SpreadFigures {
  std::uint64_t writes = 0;
  std::uint64_t missed = 0;  // Writes that some peer did not have within the time.
  double p50_ms = 0;
  double p90_ms = 0;
  double max_ms = 0;
};

struct CrashFigures {
  double first_s = 0;  // Until the first peer, and until the last one, said so.
  double all_s = 0;
  std::uint64_t unseen = 0;  // Peers that did not within the time.
};

struct IdleFigures {
  double seconds = 0;
  std::optional<double> wire_octets_per_second;  // A node.
  std::optional<double> packets_per_second;
  std::optional<double> sealed_octets_per_second;
  double cpu_percent = 0;  // Of one core, a node.
};

struct CopiesFigures {
  std::uint64_t writes = 0;
  std::uint64_t value_octets = 0;
  double copies = 0;  // Sealed octets that left all nodes, in values for each other node and write.
};

struct RevokeFigures {
  double all_s = 0;
  std::uint64_t open = 0;  // Peers that had not closed their link within the time.
};

struct SerfFigures {
  std::string path;
  std::string absent;  // Why there are no figures; empty where there are.
  std::optional<SpreadFigures> spread;
  double node_p50_ms = 0;  // Over all nodes and writes.
  std::optional<CrashFigures> crash;
  std::optional<IdleFigures> idle;
};

struct RepairFigures {
  std::uint64_t channels = 0;
  double store_mib = 0;
  double restart_s = 0;  // From the start of a process that was killed until its first answer.
  double fill_s = 0;     // From the start of an empty peer until it holds all.
  double live_p99_alone_ms = 0;
  double live_p99_during_ms = 0;  // While it is filled.
  double rss_anon_mib = 0;
  double rss_anon_filled_mib = 0;  // Of the peer that was filled.
  // From the start of two peers until they are equal, both ways.
  double empty_octets = 0;
  double cursor_same_octets = 0;
  double cursor_differ_octets = 0;
  double bare_same_octets = 0;  // Without a cursor.
  double bare_differ_octets = 0;
  double differing_octets = 0;  // Of the fragments that 100 changed channels need at the least.
};

struct ReplicationFigures {
  std::uint64_t peers = 0;
  std::string shared_network;  // Why the loopback was shared with others; empty where it was not.
  double fdatasync_per_second = 0;
  double other_cpu_percent = 0;  // Of one core, not of this program and its peers.
  double start_s = 0;            // Until all peers were linked.
  double rss_anon_mib = 0;       // A node.
  SpreadFigures spread;
  CrashFigures crash;
  std::uint64_t false_deaths = 0;
  std::optional<IdleFigures> idle;
  CopiesFigures copies;
  RevokeFigures revoke;
  std::optional<SerfFigures> serf;
  std::optional<RepairFigures> repair;
};

// What a write may take until all of so many peers have it.
struct SpreadLimit {
  double p50_ms;
  double max_ms;
};
[[nodiscard]] SpreadLimit spread_limit(std::uint64_t peers);

[[nodiscard]] std::string to_json(const ReplicationFigures& figures);
[[nodiscard]] std::string to_table(const ReplicationFigures& figures);

}  // namespace node::cli

#include "node/cli/bench_replication_figures.h"

#include <nlohmann/json.hpp>

#include "node/cli/bench_table.h"

namespace node::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kCrashSecondsMax = 5;
constexpr double kIdleOctetsMax = 400;
constexpr double kCopiesMax = 1.1;
constexpr double kRevokeSecondsMax = 1;
constexpr double kRestartSecondsMax = 0.3;
constexpr double kFillSecondsMax = 10;
constexpr double kLiveFactorMax = 2;
constexpr double kRssMibMax = 40;
// Octets of anti-entropy above what two empty peers say to each other.
constexpr double kCursorSameMax = 24;
constexpr double kBareSameMax = 64;
constexpr double kBareDigestMax = 6'144;  // And above the changes themselves.

Json number(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

Json object(const SpreadFigures& spread) {
  return {{"writes", spread.writes},
          {"missed", spread.missed},
          {"p50_ms", rounded(spread.p50_ms)},
          {"p90_ms", rounded(spread.p90_ms)},
          {"max_ms", rounded(spread.max_ms)}};
}

Json object(const CrashFigures& crash) {
  return {{"first_s", rounded(crash.first_s)},
          {"all_s", rounded(crash.all_s)},
          {"unseen", crash.unseen}};
}

Json object(const IdleFigures& idle) {
  return {{"seconds", rounded(idle.seconds)},
          {"wire_octets_per_second", number(idle.wire_octets_per_second)},
          {"packets_per_second", number(idle.packets_per_second)},
          {"sealed_octets_per_second", number(idle.sealed_octets_per_second)},
          {"cpu_percent", rounded(idle.cpu_percent)}};
}

Json object(const RepairFigures& repair) {
  return {{"channels", repair.channels},
          {"store_mib", rounded(repair.store_mib)},
          {"restart_s", rounded(repair.restart_s)},
          {"limit_restart_s", kRestartSecondsMax},
          {"fill_s", rounded(repair.fill_s)},
          {"limit_fill_s", kFillSecondsMax},
          {"live_p99_alone_ms", rounded(repair.live_p99_alone_ms)},
          {"live_p99_during_ms", rounded(repair.live_p99_during_ms)},
          {"limit_live_p99_factor", kLiveFactorMax},
          {"rss_anon_mib", rounded(repair.rss_anon_mib)},
          {"rss_anon_filled_mib", rounded(repair.rss_anon_filled_mib)},
          {"empty_octets", repair.empty_octets},
          {"cursor_same_octets", repair.cursor_same_octets},
          {"cursor_differ_octets", repair.cursor_differ_octets},
          {"bare_same_octets", repair.bare_same_octets},
          {"bare_differ_octets", repair.bare_differ_octets},
          {"differing_octets", repair.differing_octets},
          {"limit_cursor_same_octets", kCursorSameMax},
          {"limit_bare_same_octets", kBareSameMax},
          {"limit_bare_digest_octets", kBareDigestMax}};
}

Json object(const SerfFigures& serf) {
  if (!serf.absent.empty()) return {{"absent", serf.absent}};
  Json out{{"path", serf.path}};
  out["write"] = serf.spread ? object(*serf.spread) : Json(nullptr);
  if (serf.spread) out["write"]["node_p50_ms"] = rounded(serf.node_p50_ms);
  out["crash"] = serf.crash ? object(*serf.crash) : Json(nullptr);
  out["idle"] = serf.idle ? object(*serf.idle) : Json(nullptr);
  return out;
}

std::string held(double figure, double limit, const char* pattern) {
  return "goal <= " + format(pattern, limit) + ": " + verdict(figure <= limit);
}

void add_spread(Table& table, const ReplicationFigures& figures) {
  const SpreadFigures& spread = figures.spread;
  const SpreadLimit limit = spread_limit(figures.peers);
  table.row("write durable on all, p50", format("%.2f ms", spread.p50_ms),
            held(spread.p50_ms, limit.p50_ms, "%.0f ms"));
  table.row("  p90", format("%.2f ms", spread.p90_ms));
  table.row("  max", format("%.2f ms", spread.max_ms),
            held(spread.max_ms, limit.max_ms, "%.0f ms"));
  table.row("  writes", std::to_string(spread.writes),
            spread.missed == 0 ? "until the answer to wait=all, fsync on each peer included"
                               : std::to_string(spread.missed) + " NOT ON ALL IN TIME");
}

void add_crash(Table& table, const ReplicationFigures& figures) {
  const CrashFigures& crash = figures.crash;
  table.row("kill -9 seen by all", format("%.2f s", crash.all_s),
            crash.unseen > 0
                ? std::to_string(crash.unseen) + " PEERS DID NOT SEE IT"
                : held(crash.all_s, kCrashSecondsMax, "%.0f s") +
                      format("; first %.2f s", crash.first_s) + "; by the stamps of their logs");
  table.row("false deaths", std::to_string(figures.false_deaths),
            "goal none, in the whole run: " + verdict(figures.false_deaths == 0));
}

void add_idle(Table& table, const IdleFigures& idle) {
  if (idle.wire_octets_per_second) {
    table.row("idle, on the wire", format("%.0f B/s", *idle.wire_octets_per_second),
              held(*idle.wire_octets_per_second, kIdleOctetsMax, "%.0f") +
                  format("; a node, TCP and IP headers included, %.1f packets/s",
                         idle.packets_per_second.value_or(0)));
  }
  if (idle.sealed_octets_per_second) {
    table.row("idle, sealed", format("%.0f B/s", *idle.sealed_octets_per_second),
              "a node; what its link_bytes_sent counts");
  }
  table.row("idle, CPU", format("%.2f %%", idle.cpu_percent), "of one core, a node");
}

void add_serf(Table& table, const SerfFigures& serf, const ReplicationFigures& figures) {
  if (!serf.absent.empty()) return table.line("serf: " + serf.absent);
  table.line("serf beside it, same machine, same run: " + serf.path + " (nothing is durable)");
  if (serf.spread) {
    const auto times = [](double theirs, double ours) {
      return ours > 0 ? format("%.1f times Muster's", theirs / ours) : std::string();
    };
    table.row("event on all, p50", format("%.0f ms", serf.spread->p50_ms),
              times(serf.spread->p50_ms, figures.spread.p50_ms));
    table.row("  max", format("%.0f ms", serf.spread->max_ms),
              times(serf.spread->max_ms, figures.spread.max_ms));
    table.row("  p50 of single nodes", format("%.0f ms", serf.node_p50_ms));
    if (serf.spread->missed > 0) {
      table.row("  events", std::to_string(serf.spread->writes),
                std::to_string(serf.spread->missed) + " not on all in time");
    }
  }
  if (serf.crash) {
    table.row("kill -9 seen by all", format("%.1f s", serf.crash->all_s),
              serf.crash->unseen > 0 ? std::to_string(serf.crash->unseen) + " did not see it"
                                     : format("first %.1f s", serf.crash->first_s));
  }
  if (serf.idle && serf.idle->wire_octets_per_second) {
    table.row("idle, on the wire", format("%.0f B/s", *serf.idle->wire_octets_per_second),
              format("a node, UDP and IP headers included, %.1f packets/s",
                     serf.idle->packets_per_second.value_or(0)));
  }
}

void add_octets(Table& table, const RepairFigures& repair) {
  const double empty = repair.empty_octets;
  const auto row = [&](const char* name, double octets, double limit) {
    table.row(name, format("%.0f B", octets - empty), held(octets - empty, limit, "%.0f"));
  };
  const auto digest = [&](const char* name, double octets, double limit) {
    const double above = octets - empty - repair.differing_octets;
    table.row(name, format("%.0f B", octets - empty),
              format("%.0f above the changes, ", above) + held(above, limit, "%.0f"));
  };
  table.row("two empty peers, both ways", format("%.0f B", empty),
            "handshake, first words, probes: taken off below");
  row("in sync, with a cursor", repair.cursor_same_octets, kCursorSameMax);
  digest("100 differ, with a cursor", repair.cursor_differ_octets, 0);
  row("in sync, without", repair.bare_same_octets, kBareSameMax);
  digest("100 differ, without", repair.bare_differ_octets, kBareDigestMax);
}

void add_repair(Table& table, const RepairFigures& repair) {
  table.line("repair: " + std::to_string(repair.channels) + " channels" +
             format(", a store of %.0f MiB", repair.store_mib));
  table.row("kill -9 to first answer", format("%.3f s", repair.restart_s),
            held(repair.restart_s, kRestartSecondsMax, "%.1f s") + "; process start included");
  table.row("new peer filled", format("%.2f s", repair.fill_s),
            held(repair.fill_s, kFillSecondsMax, "%.0f s") + "; under 200 commands/s");
  table.row("live p99 alone", format("%.2f ms", repair.live_p99_alone_ms));
  const double factor = repair.live_p99_during_ms / repair.live_p99_alone_ms;
  table.row("  while it is filled", format("%.2f ms", repair.live_p99_during_ms),
            format("%.1f times, ", factor) + held(factor, kLiveFactorMax, "%.0f"));
  table.row("anonymous memory", format("%.1f MiB", repair.rss_anon_mib),
            held(repair.rss_anon_mib, kRssMibMax, "%.0f"));
  table.row("  of the filled peer", format("%.1f MiB", repair.rss_anon_filled_mib),
            held(repair.rss_anon_filled_mib, kRssMibMax, "%.0f"));
  add_octets(table, repair);
}

}  // namespace

SpreadLimit spread_limit(std::uint64_t peers) {
  if (peers <= 3) return {5, 20};
  if (peers <= 32) return {15, 60};
  return {40, 150};
}

std::string to_json(const ReplicationFigures& figures) {
  const SpreadLimit limit = spread_limit(figures.peers);
  Json out;
  out["peers"] = figures.peers;
  out["private_network"] = figures.shared_network.empty();
  out["fdatasync_per_second"] = rounded(figures.fdatasync_per_second);
  out["other_cpu_percent"] = rounded(figures.other_cpu_percent);
  out["start_s"] = rounded(figures.start_s);
  out["rss_anon_mib"] = rounded(figures.rss_anon_mib);
  out["write"] = object(figures.spread);
  out["write"]["limit_p50_ms"] = limit.p50_ms;
  out["write"]["limit_max_ms"] = limit.max_ms;
  out["crash"] = object(figures.crash);
  out["crash"]["limit_s"] = kCrashSecondsMax;
  out["false_deaths"] = figures.false_deaths;
  out["idle"] = figures.idle ? object(*figures.idle) : Json(nullptr);
  if (figures.idle) out["idle"]["limit_octets_per_second"] = kIdleOctetsMax;
  out["copies"] = {{"writes", figures.copies.writes},
                   {"value_octets", figures.copies.value_octets},
                   {"per_node_and_update", rounded(figures.copies.copies)},
                   {"limit", kCopiesMax}};
  out["revoke"] = {{"closed_everywhere_s", rounded(figures.revoke.all_s)},
                   {"open", figures.revoke.open},
                   {"limit_s", kRevokeSecondsMax}};
  out["serf"] = figures.serf ? object(*figures.serf) : Json(nullptr);
  out["repair"] = figures.repair ? object(*figures.repair) : Json(nullptr);
  return out.dump(2);
}

std::string to_table(const ReplicationFigures& figures) {
  Table table;
  table.line("replication: " + std::to_string(figures.peers) +
             " peers, each a process with a store of its own");
  if (!figures.shared_network.empty()) {
    table.line("  the loopback is shared with whatever else runs: " + figures.shared_network);
  }
  add_spread(table, figures);
  add_crash(table, figures);
  if (figures.idle) add_idle(table, *figures.idle);
  table.row("copies, a node and update", format("%.3f", figures.copies.copies),
            held(figures.copies.copies, kCopiesMax, "%.1f") + "; sealed octets of " +
                std::to_string(figures.copies.writes) + " writes of " +
                std::to_string(figures.copies.value_octets) + " octets, all overhead included");
  table.row("revoked peer cut off by all", format("%.3f s", figures.revoke.all_s),
            figures.revoke.open > 0
                ? std::to_string(figures.revoke.open) + " PEERS STILL HELD A LINK"
                : held(figures.revoke.all_s, kRevokeSecondsMax, "%.0f s"));
  table.row("all started and linked", format("%.1f s", figures.start_s), "one after another");
  table.row("anonymous memory", format("%.1f MiB", figures.rss_anon_mib), "a node");
  table.row("fdatasync of 4 KiB", format("%.0f /s", figures.fdatasync_per_second),
            "this disk, before the run");
  table.row("everything else", format("%.0f %%", figures.other_cpu_percent),
            "of one core, while writes were measured");
  if (figures.serf) add_serf(table, *figures.serf, figures);
  if (figures.repair) add_repair(table, *figures.repair);
  return table.take();
}

}  // namespace node::cli

#include "node/cli/bench_figures.h"

#include <nlohmann/json.hpp>

#include "node/cli/bench_table.h"

namespace node::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kDurableShareMin = 0.8;  // Of raw LMDB at the same batch.
constexpr double kSingleFactorMin = 5;    // Over one commit for each write.
constexpr double kRssMibMax = 40;
constexpr double kQuietPercent = 15;

Json number(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

Json object(const BenchFigures& figures) {
  Json out;
  if (!figures.target.empty()) out["target"] = figures.target;
  out["cpu_us_per_request"] = number(figures.cpu_us_per_request);
  out["requests_per_second"] = rounded(figures.requests_per_second);
  out["latency_ms"] = {{"p50", rounded(figures.latency.p50_ms)},
                       {"p99", rounded(figures.latency.p99_ms)},
                       {"p99_9", rounded(figures.latency.p99_9_ms)},
                       {"max", rounded(figures.latency.max_ms)}};
  out["connections"] = figures.connections;
  out["peers"] = figures.peers;
  out["rate"] = figures.rate > 0 ? Json(figures.rate) : Json(nullptr);
  out["seconds"] = rounded(figures.seconds);
  out["requests"] = figures.requests;
  out["errors"] = figures.errors;
  out["non_changes"] = figures.non_changes;
  if (!figures.first_error.empty()) out["first_error"] = figures.first_error;
  out["batch_mean"] = number(figures.batch_mean);
  out["rss_anon_mib"] = number(figures.rss_anon_mib);
  out["generator_cpu_percent"] = rounded(figures.generator_cpu_percent);
  out["other_cpu_percent"] = rounded(figures.other_cpu_percent);
  Json runs = Json::array();
  for (const double cpu : figures.cpu_us_of_runs) runs.push_back(rounded(cpu));
  out["cpu_us_per_request_of_runs"] = std::move(runs);
  if (!figures.anchors) return out;
  const Anchors& anchors = *figures.anchors;
  out["lmdb_group_commit_writes_per_second"] = rounded(anchors.lmdb_group_commit_writes_per_second);
  out["lmdb_group_commit_cpu_us_per_write"] = rounded(anchors.lmdb_group_commit_cpu_us_per_write);
  out["lmdb_single_commit_writes_per_second"] =
      rounded(anchors.lmdb_single_commit_writes_per_second);
  out["fdatasync_per_second"] = rounded(anchors.fdatasync_per_second);
  out["rows_per_write"] = rounded(anchors.rows_per_write);
  out["bytes_per_write"] = rounded(anchors.bytes_per_write);
  return out;
}

void add_cpu(Table& table, const BenchFigures& figures) {
  if (!figures.cpu_us_per_request) {
    return table.row("server CPU a request", "?", "name its processes with --pid");
  }
  const double us = *figures.cpu_us_per_request;
  std::string limit;
  if (const auto bound = cpu_limit(figures)) {
    limit = "goal <= " + format("%.0f us", bound->goal_us);
    if (bound->never_above_us > 0) limit += ", never > " + format("%.0f", bound->never_above_us);
    limit += ": " + verdict(us <= bound->goal_us);
  }
  table.row("server CPU a request", format("%.1f us", us), limit);
}

void add_anchors(Table& table, const BenchFigures& figures) {
  const Anchors& anchors = *figures.anchors;
  const double share = figures.requests_per_second / anchors.lmdb_group_commit_writes_per_second;
  const double factor = figures.requests_per_second / anchors.lmdb_single_commit_writes_per_second;
  const bool full_load = figures.connections == 64 && figures.rate == 0;
  table.line("beside it, in the same run and folder");
  table.row("bare LMDB, same batch", format("%.0f /s", anchors.lmdb_group_commit_writes_per_second),
            "Muster has " + format("%.0f %%", share * 100) + " of it" +
                (full_load ? ", goal >= 80 %: " + verdict(share >= kDurableShareMin) : ""));
  table.row("  its CPU a write", format("%.1f us", anchors.lmdb_group_commit_cpu_us_per_write));
  table.row("bare LMDB, a commit a write",
            format("%.0f /s", anchors.lmdb_single_commit_writes_per_second),
            "Muster has " + format("%.1f times", factor) + " that" +
                (full_load ? ", goal >= 5: " + verdict(factor >= kSingleFactorMin) : ""));
  table.row("fdatasync of 4 KiB", format("%.0f /s", anchors.fdatasync_per_second));
  table.row("a write has", format("%.1f rows", anchors.rows_per_write),
            format("%.0f octets of keys and values", anchors.bytes_per_write));
}

}  // namespace

std::optional<CpuLimit> cpu_limit(const BenchFigures& figures) {
  if (figures.peers != 1 || figures.rate > 0 || !figures.target.empty()) return std::nullopt;
  switch (figures.connections) {
    case 64:
      return CpuLimit{15, 25};
    case 8:
      return CpuLimit{40, 0};
    case 1:
      return CpuLimit{150, 0};
    default:
      return std::nullopt;
  }
}

std::string to_json(const std::vector<BenchFigures>& points) {
  Json out = object(points.front());
  for (std::size_t i = 1; i < points.size(); ++i) out["sweep"].push_back(object(points[i]));
  return out.dump(2);
}

std::string to_table(const BenchFigures& figures) {
  Table table;
  const std::string loop =
      figures.rate > 0 ? format("open loop, %.0f/s", figures.rate) : "closed loop";
  const std::string whom =
      figures.target.empty()
          ? std::to_string(figures.peers) + (figures.peers == 1 ? " peer" : " connected peers")
          : figures.target;
  table.line("requests: " + whom + ", " + std::to_string(figures.connections) + " connections, " +
             loop + format(", %.1f s", figures.seconds));
  add_cpu(table, figures);
  std::string runs;
  for (const double cpu : figures.cpu_us_of_runs)
    runs += (runs.empty() ? "" : " ") + format("%.1f", cpu);
  if (figures.cpu_us_of_runs.size() > 1) table.row("  of all runs (this: the median)", runs);
  table.row("requests a second", format("%.0f", figures.requests_per_second));
  table.row("latency p50", format("%.2f ms", figures.latency.p50_ms));
  table.row("latency p99", format("%.2f ms", figures.latency.p99_ms));
  table.row("latency p99.9", format("%.2f ms", figures.latency.p99_9_ms));
  table.row("latency max", format("%.2f ms", figures.latency.max_ms));
  const bool good = figures.errors == 0 && figures.non_changes == 0;
  table.row("requests", std::to_string(figures.requests),
            std::to_string(figures.errors) + " errors, " + std::to_string(figures.non_changes) +
                " without a change: " + verdict(good));
  if (!figures.first_error.empty()) table.line("    first error: " + figures.first_error);
  if (figures.batch_mean) table.row("requests a commit", format("%.1f", *figures.batch_mean));
  if (figures.rss_anon_mib) {
    const bool ours = figures.target.empty() && figures.peers == 1;
    table.row("anonymous memory", format("%.1f MiB", *figures.rss_anon_mib),
              ours ? "goal <= 40: " + verdict(*figures.rss_anon_mib <= kRssMibMax) : "");
  }
  table.row("load generator", format("%.0f %%", figures.generator_cpu_percent), "of one core");
  table.row("everything else", format("%.0f %%", figures.other_cpu_percent),
            figures.other_cpu_percent > kQuietPercent ? "of one core: NOT QUIET, repeat it"
                                                      : "of one core: quiet");
  if (figures.anchors) add_anchors(table, figures);
  return table.take();
}

}  // namespace node::cli

#include "simulation/planted_table.h"

#include <algorithm>

#include "simulation/shrink.h"
#include "simulation/worker_process.h"

namespace simulation {
namespace {

std::size_t events_of(const Plan& plan) {
  std::size_t events = plan.commands.size() + plan.faults.size();
  for (const Command& command : plan.commands) events += command.doubles.size();
  return events;
}

void shrink_into(TableRow& row, const std::string& program, const WorkerRequest& failing) {
  const auto plan = failing.make_plan();
  if (!plan) return;
  row.events_before = events_of(*plan);
  WorkerProcess worker(program);
  const Try attempt = [&](const Plan& candidate) {
    WorkerRequest smaller;
    smaller.options = candidate.options;
    smaller.plan = to_text(candidate);
    smaller.planted = failing.planted;
    return run_in(worker, smaller).failure;
  };
  const Shrunk shrunk = shrink(*plan, *row.failure, attempt);
  row.events_after = events_of(shrunk.plan);
  row.nodes_after = shrunk.plan.options.nodes;
}

}  // namespace

TableRow table_row(const PlantedBug& bug, CampaignOptions campaign) {
  TableRow row;
  row.bug = &bug;
  campaign.first.planted = bug.name;
  if (bug.store == StoreKind::kLmdb) campaign.first.options.store = bug.store;
  WorkerRequest failing = campaign.first;
  const auto on_report = [&](const Report& report, const Totals& totals) {
    if (!report.failure || row.failure) return;
    row.failure = report.failure;
    row.seeds = totals.seeds;
    failing.options.seed = report.seed;
  };
  const Totals totals = run_campaign(campaign, on_report);
  if (!row.failure) {
    row.seeds = totals.seeds;
    return row;
  }
  shrink_into(row, campaign.program, failing);
  return row;
}

std::string table_head() {
  return "| bug | folder | found after | as | events: drawn, shrunk |\n"
         "| --- | --- | --- | --- | --- |\n";
}

std::string line_of(const TableRow& row) {
  std::string line("| ");
  line.append(row.bug->name).append(" | ").append(row.bug->folder).append(" | ");
  const std::string seeds = std::to_string(row.seeds) + (row.seeds == 1 ? " seed" : " seeds");
  if (!row.failure) return line + "not in " + seeds + " | " + std::string(row.bug->needs) + " | |";
  line += seeds + " | " + row.failure->property + " | " + std::to_string(row.events_before) + ", ";
  return line + std::to_string(row.events_after) + " |";
}

}  // namespace simulation

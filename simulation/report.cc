#include "simulation/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace simulation {
namespace {

using nlohmann::json;

// Calls `field(name, number)` for each number that a report is made of.
template <class Subject, class Field>
void for_each_number(Subject& report, Field field) {
  field("seed", report.seed);
  field("digest", report.digest);
  field("steps", report.steps);
  field("nodes", report.nodes);
  field("commands", report.commands);
  field("answered", report.answered);
  field("unanswered", report.unanswered);
  field("acknowledged", report.acknowledged);
  field("faults", report.faults);
  field("events", report.events);
  field("batches", report.batches);
  field("bytes_sent", report.bytes_sent);
  field("queue_max", report.queue_max);
}

}  // namespace

std::string to_json(const Report& report) {
  json out = json::object();
  for_each_number(report, [&](const char* name, std::uint64_t value) { out[name] = value; });
  out["length_us"] = report.length.count();
  out["converged_after_us"] = report.converged_after.count();
  out["cpu_us"] = report.cpu.count();
  if (!report.description.empty()) out["description"] = report.description;
  for (std::size_t i = 0; i < kMarks; ++i) {
    out["marks"].push_back(report.coverage.count(static_cast<Mark>(i)));
  }
  if (report.failure) {
    out["failure"] = {{"kind", report.failure->kind},
                      {"property", report.failure->property},
                      {"detail", report.failure->detail},
                      {"at_us", report.failure->at.count()}};
    out["notices"] = report.notices;
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

crdt::Result<Report> parse_report(std::string_view text) {
  const json in = json::parse(text, nullptr, false);
  if (!in.is_object()) return crdt::Error("not a report");
  Report report;
  try {
    for_each_number(report,
                    [&](const char* name, std::uint64_t& value) { in.at(name).get_to(value); });
    report.length = Time(in.at("length_us").get<std::int64_t>());
    report.converged_after = Duration(in.at("converged_after_us").get<std::int64_t>());
    report.cpu = Duration(in.at("cpu_us").get<std::int64_t>());
    report.description = in.value("description", "");
    for (std::size_t i = 0; i < kMarks; ++i) {
      report.coverage.add(static_cast<Mark>(i), in.at("marks").at(i).get<std::uint64_t>());
    }
    if (!in.contains("failure")) return report;
    const json& failure = in.at("failure");
    report.failure = Failure{failure.at("kind"), failure.at("property"), failure.at("detail"),
                             Time(failure.at("at_us").get<std::int64_t>())};
    report.notices = in.at("notices").get<std::vector<std::string>>();
  } catch (const json::exception& error) {
    return crdt::Error(error.what());
  }
  return report;
}

std::string plural(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string summary_of(const Report& report) {
  return "seed " + std::to_string(report.seed) + ": " + plural(report.nodes, "node") + " for " +
         to_text(report.length) + ", " + plural(report.commands, "command") + ", " +
         plural(report.faults, "fault") + ", " + plural(report.acknowledged, "change") +
         " acknowledged; equal " + to_text(report.converged_after) + " after healing";
}

std::string line_of(const Failure& failure, std::uint64_t seed, std::string_view commit) {
  return failure.kind + ": " + failure.property + " (seed " + std::to_string(seed) + ", commit " +
         std::string(commit) + ", at " + to_text(failure.at) + "): " + failure.detail;
}

std::string story_of(const Plan& plan) {
  std::vector<std::pair<Time, std::string>> lines;
  for (const Command& command : plan.commands) {
    lines.emplace_back(command.at, words_of(command));
    for (const Delivery& twice : command.doubles) {
      lines.emplace_back(command.at + twice.after, std::string("the same again, to ") +
                                                       letter_of(twice.node) +
                                                       (twice.resigned ? ", signed anew" : ""));
    }
  }
  for (const Fault& fault : plan.faults) lines.emplace_back(fault.at, words_of(fault));
  lines.emplace_back(plan.options.length, "everything else is healed");
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string story = plural(plan.options.nodes, "node") + ":\n";
  for (const auto& [at, words] : lines) story += "  " + to_text(at) + "  " + words + "\n";
  return story;
}

std::string table_of(const Coverage& coverage) {
  std::vector<std::pair<std::uint64_t, std::string_view>> rows;
  for (std::size_t i = 0; i < kMarks; ++i) {
    const auto mark = static_cast<Mark>(i);
    rows.emplace_back(coverage.count(mark), name_of(mark));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  constexpr std::size_t kCountColumns = 12;
  std::string table;
  for (const auto& [count, name] : rows) {
    const std::string digits = std::to_string(count);
    table += std::string(kCountColumns - std::min(kCountColumns, digits.size()), ' ') + digits;
    table.append("  ").append(name).append("\n");
  }
  return table;
}

}  // namespace simulation

#include "simulation/diagram_page.h"

#include <nlohmann/json.hpp>

#include "simulation/divergence.h"
#include "simulation/report.h"

namespace simulation {
namespace {

using nlohmann::json;

constexpr std::int64_t kMicrosPerMilli = 1'000;

// Names that come again and again are told once.
class Names {
 public:
  std::size_t of(const std::string& name) {
    const auto [found, fresh] = index_.emplace(name, index_.size());
    if (fresh) list_.push_back(name);
    return found->second;
  }
  [[nodiscard]] const json& list() const { return list_; }

 private:
  std::map<std::string, std::size_t> index_;
  json list_ = json::array();
};

std::string_view group_of(FaultKind kind) {
  if (kind <= FaultKind::kSwizzle) return "cut";
  if (kind <= FaultKind::kReplay) return "link";
  if (kind == FaultKind::kPause) return "pause";
  if (kind <= FaultKind::kClone) return "crash";
  if (kind <= FaultKind::kLyingDisk) return "disk";
  return kind == FaultKind::kBroken ? "broken" : "clock";
}

json faults_of(const Plan& plan) {
  json rows = json::array();
  for (const Fault& fault : plan.faults) {
    rows.push_back({fault.at.count(), fault.lasts.count(), group_of(fault.kind), fault.nodes,
                    words_of(fault)});
  }
  return rows;
}

json commands_of(const Plan& plan) {
  json rows = json::array();
  for (const Command& command : plan.commands) {
    rows.push_back({command.at.count(), command.attempts.front().node, words_of(command)});
  }
  return rows;
}

json events_of(const Diagram& diagram, Names& names) {
  json rows = json::array();
  for (const DiagramEvent& event : diagram.events()) {
    rows.push_back({event.at.count(), event.node, names.of(event.what), event.words});
  }
  return rows;
}

json messages_of(const Diagram& diagram) {
  json rows = json::array();
  for (const DiagramMessage& message : diagram.messages()) {
    rows.push_back(
        {message.from, message.to, message.sent.count(), message.arrived.count(), message.octets});
  }
  return rows;
}

json changes_of(const Diagram& diagram, Names& names) {
  json rows = json::array();
  for (const DiagramChange& change : diagram.changes()) {
    rows.push_back({change.at.count(), change.node, names.of(change.field), change.before,
                    change.after, change.went_back ? 1 : 0});
  }
  return rows;
}

// Only those that say something new; clocks in milliseconds.
json samples_of(const Diagram& diagram) {
  json rows = json::array();
  json last;
  for (const DiagramSample& sample : diagram.samples()) {
    json skew = json::array();
    for (const std::int64_t micros : sample.skew_us) skew.push_back(micros / kMicrosPerMilli);
    json said{sample.digests, std::move(skew)};
    if (said == last) continue;
    rows.push_back({sample.at.count(), said[0], said[1]});
    last = std::move(said);
  }
  return rows;
}

json divergence_of(const Diagram& diagram) {
  const auto found = first_divergence(diagram);
  if (!found) return nullptr;
  return {{"why", found->why},
          {"at", found->at.count()},
          {"field", found->field},
          {"left", found->left},
          {"left_value", found->left_value},
          {"right", found->right},
          {"right_value", found->right_value}};
}

json data_of(const Diagram& diagram, const Plan& plan, const Report& report) {
  Names whats, fields;
  json data{{"nodes", report.nodes},
            {"end", report.length.count()},
            {"healed", plan.options.length.count()},
            {"options", to_text(plan.options)},
            {"summary", summary_of(report)},
            {"failure", nullptr},
            {"left_out",
             {diagram.events_left_out(), diagram.messages_left_out(), diagram.changes_left_out()}}};
  if (report.failure) {
    const Failure& failure = *report.failure;
    data["failure"] = {{"at", failure.at.count()},
                       {"words", failure.kind + ": " + failure.property},
                       {"detail", failure.detail}};
  }
  data["faults"] = faults_of(plan);
  data["commands"] = commands_of(plan);
  data["events"] = events_of(diagram, whats);
  data["messages"] = messages_of(diagram);
  data["changes"] = changes_of(diagram, fields);
  data["samples"] = samples_of(diagram);
  data["divergence"] = divergence_of(diagram);
  data["whats"] = whats.list();
  data["fields"] = fields.list();
  return data;
}

// No '<' may end the element that holds the text; in JSON it stands in strings alone.
std::string embedded(const json& data) {
  const std::string text = data.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string page_of(const Diagram& diagram, const Plan& plan, const Report& report) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">\n<title>muster-sim, seed ";
  page += std::to_string(report.seed) + "</title>\n<style>\n";
  page.append(kPageStyle).append("</style>\n</head>\n<body>\n").append(kPageBody);
  page += "<script type=\"application/json\" id=\"run\">" +
          embedded(data_of(diagram, plan, report)) + "</script>\n<script>\n";
  page.append(kPageScript).append("</script>\n</body>\n</html>\n");
  return page;
}

}  // namespace simulation

#include "node/cli/status_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "node/log.h"

namespace node::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string label_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return escape_control(key);
}

std::string text_of(const Json& value) {
  if (value.is_null() || value == "") return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  // Names come from configurations, and a terminal obeys control characters.
  if (value.is_string()) return escape_control(value.get_ref<const std::string&>());
  return value.dump();
}

// Characters rather than octets, so that columns line up.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_table(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& row) { return row.is_object(); });
}

// How a field reads to whoever runs the node. Those of no use to them have no label and are left
// out; fields that are not listed here are shown by their name.
struct Wording {
  std::string_view key;
  std::string_view label;
  std::string_view meaning;
};

constexpr std::array kValues{
    Wording{"name", "", ""},       // In the first line.
    Wording{"read_only", "", ""},  // In the first line.
    Wording{"ready", "", ""},      // In the first line.
    Wording{"not_ready", "", ""},  // In the first line.
    Wording{"complete", "", ""},   // In the first line.
    Wording{"replica", "", ""},    // The run.
    Wording{"letter", "letter", "of its tasks, where another task has the same number"},
    Wording{"run", "run", "new at every start of the peer"},
    Wording{"log_head", "changes", "in its log, which the peers follow"},
    Wording{"documents", "documents", "channels and people that it holds something of"},
    Wording{"records", "records", "timeline events and handled requests"},
    Wording{"state_hash", "state hash", "two peers with the same hash hold the same"},
    Wording{"damage_found", "damage found", "stored values with a wrong checksum, since its start"},
    Wording{"damage_healed", "healed", "of them: fetched from peers, or written anew"},
    Wording{"damage_lost", "lost", "of them: no peer holds all of it"},
    Wording{"unreadable", "unreadable", "damaged documents that no peer has sent yet"},
    Wording{"clock_ahead_ms", "clock", "against Slack's, by the stamps of its latest requests"},
    Wording{"conflicts", "conflicts", "tasks with two values, until a person picks one"}};

constexpr std::array kColumns{Wording{"their_cursor", "", ""},    Wording{"our_cursor", "", ""},
                              Wording{"lag", "lacks", ""},        Wording{"lag_seconds", "", ""},
                              Wording{"public_key", "", ""},      Wording{"member", "is", ""},
                              Wording{"member_for_s", "for", ""}, Wording{"incarnation", "", ""},
                              Wording{"retention_days", "", ""}};

template <std::size_t size>
Wording wording_of(const std::array<Wording, size>& known, const std::string& key) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Wording& wording) { return wording.key == key; });
  return found == known.end() ? Wording{key, key, ""} : *found;
}

bool is_down(const Json& peer) {
  return peer.contains("state") && peer["state"].is_string() && peer["state"] != "linked";
}

// "0.4 s ahead". A stamp has lost of its second what a clock that is right seems ahead.
std::string offset_text(std::int64_t milliseconds) {
  const std::int64_t tenths = std::abs(milliseconds) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s " +
         (milliseconds < 0 ? "behind" : "ahead");
}

// As people read it, by what the key says of its unit.
std::string value_text(const std::string& key, const Json& value) {
  if (value.is_number_unsigned() && key.ends_with("_bytes"))
    return size_text(value.get<std::uint64_t>());
  if (value.is_number_integer() && key == "clock_ahead_ms") {
    return offset_text(value.get<std::int64_t>());
  }
  return text_of(value);
}

std::string unit_free(const std::string& key) {
  return key.ends_with("_bytes") ? key.substr(0, key.size() - 6) : key;
}

std::string cell_of(const Json& entry, const std::string& key) {
  const Json value = entry.value(key, Json());
  if (key == "member_for_s" && value.is_number()) return value.dump() + " s";
  if (key != "lag") return text_of(value);
  if (!value.is_number()) return "unknown";  // It has not said since this node began.
  if (value == 0) return "nothing";
  const std::string changes = value.dump() + (value == 1 ? " change" : " changes");
  const Json age = entry.value("lag_seconds", Json());
  return age.is_number() && age != 0 ? changes + " for " + age.dump() + " s" : changes;
}

std::vector<Row> rows_of(const Json& table) {
  std::vector<Row> rows(1);
  std::vector<std::string> keys;
  for (const Json& entry : table) {
    for (const auto& [key, value] : entry.items()) {
      const Wording wording = wording_of(kColumns, key);
      if (wording.label.empty() || std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      keys.push_back(key);
      rows[0].push_back(label_of(std::string(wording.label)));
    }
  }
  for (const Json& entry : table) {
    Row row;
    for (const std::string& key : keys) row.push_back(cell_of(entry, key));
    rows.push_back(std::move(row));
  }
  return rows;
}

// What /readyz tells the load balancer, where that is not "ready".
std::string not_ready_of(const Json& status) {
  const Json why = status.value("not_ready", Json());
  if (!why.is_string()) return {};
  return "NOT READY: " + text_of(why) + ". The load balancer is told to look elsewhere; muster " +
         "doctor explains.\n";
}

// What it does with what reaches it, before "is linked with".
std::string_view doing_of(const Json& status) {
  const Json why = status.value("not_ready", Json());
  if (status.value("read_only", Json()) == true) {
    return " REFUSES CHANGES, for its disk is full or its store fails (its log says which); it";
  }
  if (why == "catching up") return " ANSWERS NO COMMANDS until it has caught up; it";
  if (why == "joining") return " ANSWERS NO COMMANDS until it has joined; it";
  if (why == "removed") return " ANSWERS NO COMMANDS, for it was removed from its cluster; it";
  return why.is_string() ? " takes the changes that still reach it and" : " takes changes and";
}

// "a takes changes and is linked with 1 of 2 peers."
std::string summary_of(const Json& status) {
  std::string text = text_of(status.value("name", Json("the peer")));
  text += doing_of(status);
  const Json peers = status.value("peers", Json());
  if (!is_table(peers)) return text + " has no peers.\n" + not_ready_of(status);
  const auto down = std::count_if(peers.begin(), peers.end(), is_down);
  const auto all = static_cast<std::ptrdiff_t>(peers.size());
  return text + " is linked with " + std::to_string(all - down) + " of " + std::to_string(all) +
         (all == 1 ? " peer.\n" : " peers.\n") + not_ready_of(status);
}

// What to do about peers that are not linked.
std::string advice_of(const Json& peers) {
  if (std::none_of(peers.begin(), peers.end(), is_down)) return {};
  return "  A peer that is down gets what it lacks once it is linked. Why it is not: muster "
         "doctor\n"
         "  tries it.\n";
}

// How long events are kept, in one line.
std::string retention_of(const Json& retention) {
  std::string text =
      "\nevents and answers are kept for " + text_of(retention.value("days", Json(0))) + " days";
  if (retention.contains("since")) {
    text += "; older than " + text_of(retention["since"]) + " are forgotten";
  }
  if (retention.contains("oldest")) {
    text += "; the oldest is of " + text_of(retention["oldest"]);
  }
  text += "\n";
  const Json waits_for = retention.value("waits_for", Json());
  if (!waits_for.is_array() || waits_for.empty()) return text;
  std::string names;
  for (const Json& name : waits_for) names += (names.empty() ? "" : ", ") + text_of(name);
  return text + "  None that is due is forgotten while these are away or behind: " + names + "\n";
}

void draw_structure(std::string& out, const std::string& key, const Json& value) {
  out += "\n" + label_of(key) + (value.empty() ? ": none\n" : "\n");
  if (is_table(value)) {
    out += draw_rows(rows_of(value));
    if (key == "peers") out += advice_of(value);
    return;
  }
  std::vector<Row> rows;
  for (const auto& [name, inner] : value.items())
    rows.push_back({label_of(unit_free(name)), value_text(name, inner)});
  out += draw_rows(rows);
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  const char* format = unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s";
  std::snprintf(text.data(), text.size(), format, value, kUnits[unit]);
  return text.data();
}

std::string draw_rows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += "  " + row[i] + std::string(widths[i] - width_of(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

crdt::Result<StatusTable> draw_status(std::string_view json) {
  const Json status = Json::parse(json, nullptr, false);
  if (!status.is_object()) return crdt::Error("the answer is not a status");
  StatusTable table{summary_of(status)};
  for (const auto& [key, value] : status.items()) {
    if (key == "retention" && value.is_object()) {
      table.text += retention_of(value);
      continue;
    }
    if (value.is_structured()) draw_structure(table.text, key, value);
  }
  std::vector<Row> values;
  for (const auto& [key, value] : status.items()) {
    const Wording wording = wording_of(kValues, key);
    if (value.is_structured() || wording.label.empty()) continue;
    values.push_back({label_of(std::string(wording.label)), value_text(key, value),
                      std::string(wording.meaning)});
  }
  if (!values.empty()) table.text += "\nthis peer\n";
  table.text += draw_rows(values);
  return table;
}

}  // namespace node::cli

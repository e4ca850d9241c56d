#include "node/cli/status_table.h"

#include <algorithm>
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
  if (value.is_null()) return "-";
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

void draw_rows(std::string& out, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += "  " + row[i] + std::string(widths[i] - width_of(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
}

bool is_table(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& row) { return row.is_object(); });
}

std::vector<Row> rows_of(const Json& table) {
  std::vector<Row> rows(1);
  std::vector<std::string> keys;
  for (const Json& entry : table) {
    for (const auto& [key, value] : entry.items()) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      keys.push_back(key);
      rows[0].push_back(label_of(key));
    }
  }
  for (const Json& entry : table) {
    Row row;
    for (const std::string& key : keys) row.push_back(text_of(entry.value(key, Json())));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

crdt::Result<StatusTable> draw_status(std::string_view json) {
  const Json status = Json::parse(json, nullptr, false);
  if (!status.is_object()) return crdt::Error("the answer is not a status");
  StatusTable table;
  std::vector<Row> values;
  for (const auto& [key, value] : status.items()) {
    if (!value.is_structured()) values.push_back({label_of(key), text_of(value)});
  }
  draw_rows(table.text, values);
  for (const auto& [key, value] : status.items()) {
    if (!value.is_structured()) continue;
    table.text += "\n" + label_of(key) + (value.empty() ? ": none\n" : "\n");
    if (is_table(value)) {
      draw_rows(table.text, rows_of(value));
      continue;
    }
    std::vector<Row> rows;
    for (const auto& [name, inner] : value.items())
      rows.push_back({label_of(name), text_of(inner)});
    draw_rows(table.text, rows);
  }
  return table;
}

}  // namespace node::cli

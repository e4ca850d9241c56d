#include "node/config_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace node {
namespace {

const nlohmann::json& empty_object() {
  static const nlohmann::json kEmpty = nlohmann::json::object();
  return kEmpty;
}

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

// The library's sentence without its own name: "line 3, column 5: ...".
std::string where_of(const nlohmann::json::parse_error& error) {
  const std::string what = error.what();
  const std::size_t at = what.find("line ");
  return at == std::string::npos ? what : what.substr(at);
}

}  // namespace

crdt::Result<void> parse_json_file(std::string_view text, const std::string& path,
                                   nlohmann::json& json) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch_keys = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    json = nlohmann::json::parse(text, watch_keys);
    if (!twice.empty()) return crdt::Error(path + ": the key \"" + twice + "\" is there twice");
    if (!json.is_object()) return crdt::Error(path + ": expected an object, {...}");
    return {};
  } catch (const nlohmann::json::parse_error& error) {
    return crdt::Error(path + " is not JSON: " + where_of(error));
  }
}

ConfigReader::ConfigReader(const nlohmann::json& value, std::string place,
                           std::optional<crdt::Error>& error)
    : value_(&value), place_(std::move(place)), error_(&error) {
  if (value_->is_object()) return;
  fail("", "expected an object, {...}");
  value_ = &empty_object();
}

std::string ConfigReader::place_of(std::string_view key) const {
  if (key.empty()) return place_.empty() ? "the file" : place_;
  return place_.empty() ? std::string(key) : place_ + "." + std::string(key);
}

void ConfigReader::fail(std::string_view key, const std::string& what) {
  if (!*error_) *error_ = crdt::Error(place_of(key) + ": " + what);
}

const nlohmann::json* ConfigReader::find(std::string_view key) {
  asked_.emplace_back(key);
  const auto found = value_->find(std::string(key));
  return found == value_->end() ? nullptr : &*found;
}

bool ConfigReader::has(std::string_view key) { return find(key) != nullptr; }

std::string ConfigReader::text(std::string_view key) {
  const nlohmann::json* found = find(key);
  if (found == nullptr) {
    fail(key, "is missing; it takes a string");
  } else if (!found->is_string()) {
    fail(key, "expected a string");
  } else if (found->get_ref<const std::string&>().empty()) {
    fail(key, "must not be empty");
  } else {
    return *found;
  }
  return "";
}

std::string ConfigReader::text_or(std::string_view key, std::string_view fallback) {
  const nlohmann::json* found = find(key);
  if (found == nullptr) return std::string(fallback);
  if (found->is_string()) return *found;
  fail(key, "expected a string");
  return "";
}

std::uint64_t ConfigReader::number_or(std::string_view key, std::uint64_t fallback,
                                      std::uint64_t min, std::uint64_t max) {
  const nlohmann::json* found = find(key);
  if (found == nullptr) return fallback;
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  if (!found->is_number_unsigned()) {
    fail(key, "expected a whole number, " + range);
    return fallback;
  }
  const auto number = found->get<std::uint64_t>();
  if (number < min || number > max) {
    fail(key, std::to_string(number) + " is out of range: " + range);
    return fallback;
  }
  return number;
}

ConfigReader ConfigReader::object(std::string_view key) {
  const nlohmann::json* found = find(key);
  return {found == nullptr ? empty_object() : *found, place_of(key), *error_};
}

std::vector<ConfigReader> ConfigReader::list(std::string_view key) {
  const nlohmann::json* found = find(key);
  std::vector<ConfigReader> all;
  if (found == nullptr) return all;
  if (!found->is_array()) {
    fail(key, "expected a list, [...]");
    return all;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    all.emplace_back((*found)[i], place_of(key) + "[" + std::to_string(i) + "]", *error_);
  }
  return all;
}

void ConfigReader::refuse_unknown() {
  for (const auto& [key, value] : value_->items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string nearest = nearest_of(key, asked_);
    std::string known;
    for (const std::string& name : asked_) known += (known.empty() ? "" : ", ") + name;
    fail(key, "there is no such setting; " +
                  (nearest.empty() ? "known here: " + known : "did you mean \"" + nearest + "\"?"));
  }
}

std::string nearest_of(std::string_view key, const std::vector<std::string>& known) {
  // Further away than half of its letters, a name is another name.
  std::size_t least = std::max<std::size_t>(key.size() / 2, 1) + 1;
  std::string nearest;
  for (const std::string& name : known) {
    const std::size_t edits = edits_between(key, name);
    if (edits >= least) continue;
    least = edits;
    nearest = name;
  }
  return nearest;
}

}  // namespace node

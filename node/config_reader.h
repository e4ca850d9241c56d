// ConfigReader: one object of a JSON file, read key by key, strictly: what nobody asked for is
// refused with the key that was probably meant.
//
// Shape    readers of one file share one error: the first; after it every call returns a default.
// Errors   each names the place, as in "slack.listen: expected a string".
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace node {

// Parses the text of the file at `path` into `json`, an object. A key that comes twice is an Error.
[[nodiscard]] crdt::Result<void> parse_json_file(std::string_view text, const std::string& path,
                                                 nlohmann::json& json);

class ConfigReader {
 public:
  // All arguments outlive the reader.
  ConfigReader(const nlohmann::json& value, std::string place, std::optional<crdt::Error>& error);

  [[nodiscard]] std::string text(std::string_view key);  // Required and not empty.
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback);
  [[nodiscard]] std::uint64_t number_or(std::string_view key, std::uint64_t fallback,
                                        std::uint64_t min, std::uint64_t max);
  [[nodiscard]] ConfigReader object(std::string_view key);  // Where missing, an empty one.
  [[nodiscard]] std::vector<ConfigReader> list(std::string_view key);
  [[nodiscard]] bool has(std::string_view key);

  // After the last key.
  void refuse_unknown();

  // Refuses the value of `key`, or the object itself where `key` is empty.
  void fail(std::string_view key, const std::string& what);

 private:
  const nlohmann::json* find(std::string_view key);
  [[nodiscard]] std::string place_of(std::string_view key) const;

  const nlohmann::json* value_;
  std::string place_;
  std::optional<crdt::Error>* error_;
  std::vector<std::string> asked_;
};

// Of the `known` ones, the nearest to `key` by edits; empty where none resembles it.
[[nodiscard]] std::string nearest_of(std::string_view key, const std::vector<std::string>& known);

}  // namespace node

#include "slack/json_reader.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace slack {
namespace {

// The deepest nesting of brackets outside of strings. Exact for valid JSON; for other text it only
// has to end.
std::size_t nesting_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

std::optional<nlohmann::json> parse_json(std::string_view text) {
  if (nesting_of(text) > kJsonNestingMax) return std::nullopt;
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

const nlohmann::json* member(const nlohmann::json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

std::string string_at(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json* found = member(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_at(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json* found = member(object, name);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  const bool too_great = found->is_number_unsigned() &&
                         found->get<std::uint64_t>() >
                             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (too_great) return std::nullopt;
  return found->get<std::int64_t>();
}

bool true_at(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json* found = member(object, name);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

}  // namespace slack

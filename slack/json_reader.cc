#include "slack/json_reader.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace slack {

std::optional<nlohmann::json> parse_json(std::string_view text) {
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

// Reading JSON with nlohmann, without its exceptions: what is absent, null or of another type reads
// as empty, as Slack leaves out or nulls what it has no value for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace slack {

// Slack's payloads are less than 20 deep. nlohmann writes and destroys values by recursion, which a
// megabyte of brackets would take through the end of the stack.
inline constexpr std::size_t kJsonNestingMax = 128;

// nullopt unless `text` is exactly one JSON value in valid UTF-8, nested kJsonNestingMax deep at
// most.
[[nodiscard]] std::optional<nlohmann::json> parse_json(std::string_view text);

[[nodiscard]] std::string string_at(const nlohmann::json& object, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> number_at(const nlohmann::json& object,
                                                    std::string_view name);
[[nodiscard]] bool true_at(const nlohmann::json& object, std::string_view name);

// The member, or nullptr where `value` is no object or has none of that name.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& value, std::string_view name);

}  // namespace slack

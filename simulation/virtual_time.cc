#include "simulation/virtual_time.h"

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>

namespace simulation {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::size_t kFractionDigits = 6;

std::optional<std::int64_t> parse_number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return {};
  return value;
}

}  // namespace

std::string to_text(Time time) {
  const std::int64_t micros = time.count();
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%" PRId64 ":%02" PRId64 ".%06" PRId64, micros / kMinute,
                micros % kMinute / kSecond, micros % kSecond);
  return text.data();
}

std::optional<Time> parse_time(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::size_t point = text.find('.');
  if (colon == std::string_view::npos || point == std::string_view::npos || point < colon)
    return {};
  const auto minutes = parse_number(text.substr(0, colon));
  const auto seconds = parse_number(text.substr(colon + 1, point - colon - 1));
  const std::string_view fraction = text.substr(point + 1);
  const auto micros = parse_number(fraction);
  if (!minutes || !seconds || !micros || fraction.size() != kFractionDigits) return {};
  return Time(*minutes * kMinute + *seconds * kSecond + *micros);
}

}  // namespace simulation

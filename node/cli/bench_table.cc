#include "node/cli/bench_table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace node::cli {

double rounded(double value) {
  return static_cast<double>(static_cast<long long>(value * 1000 + 0.5)) / 1000;
}

std::string format(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string verdict(bool met) { return met ? "met" : "MISSED"; }

void Table::row(std::string_view name, const std::string& value, const std::string& limit) {
  constexpr std::size_t kNameChars = 30;
  constexpr std::size_t kValueChars = 14;
  std::string line = "  " + std::string(name);
  line.resize(std::max(line.size(), kNameChars), ' ');
  const std::size_t pad = kValueChars > value.size() ? kValueChars - value.size() : 0;
  line += std::string(pad, ' ') + value;
  if (!limit.empty()) line += "   " + limit;
  text_ += line + "\n";
}

}  // namespace node::cli

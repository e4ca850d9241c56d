// What a benchmark says to people: rows of a name, a figure and the limit it is held against.
#pragma once

#include <string>
#include <string_view>

namespace node::cli {

// To three decimals: more is noise, and would be printed as 17 digits.
[[nodiscard]] double rounded(double value);

// By a pattern of printf for one double.
[[nodiscard]] std::string format(const char* pattern, double value);

// "met" or "MISSED".
[[nodiscard]] std::string verdict(bool met);

class Table {
 public:
  void row(std::string_view name, const std::string& value, const std::string& limit = {});
  void line(const std::string& text) { text_ += text + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace node::cli

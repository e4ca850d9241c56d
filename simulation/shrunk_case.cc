#include "simulation/shrunk_case.h"

#include <cctype>
#include <cstdio>
#include <string_view>

#include "simulation/report.h"

namespace simulation {
namespace {

constexpr std::size_t kColumnsMax = 100;  // Of the repository's lines.
constexpr std::string_view kIndent = "    ";

// "no half task" -> "NoHalfTask"
std::string camel(std::string_view words) {
  std::string name;
  bool begins = true;
  for (const char c : words) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !letter;
  }
  return name;
}

// One octet inside a string literal. '?' is escaped so that no two make a trigraph.
std::string escaped(char c) {
  if (c == '\n') return "\\n";
  if (c == '"' || c == '\\' || c == '?') return std::string("\\") + c;
  if (c >= ' ' && c <= '~') return std::string(1, c);
  char octal[8];
  std::snprintf(octal, sizeof(octal), "\\%03o",
                static_cast<unsigned>(static_cast<unsigned char>(c)));
  return octal;
}

// `text` as string literals, one below the other, none wider than a line may be.
std::string literals_of(std::string_view text) {
  std::string all;
  std::string line(kIndent);
  line += '"';
  const auto end_line = [&] {
    all += line + "\"\n";
    line = std::string(kIndent) + '"';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string piece = escaped(text[i]);
    if (line.size() + piece.size() + 2 > kColumnsMax) end_line();  // The quote and a semicolon.
    line += piece;
    if (text[i] == '\n' && i + 1 < text.size()) end_line();
  }
  end_line();
  all.insert(all.size() - 1, ";");
  return all;
}

// Each line of `text` behind `head`, cut where a line may not go on.
std::string remarks_of(std::string_view text, std::string_view head) {
  std::string remarks;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line(head);
    for (const char c : text.substr(at, end - at)) line += c >= ' ' && c <= '~' ? c : '.';
    // Neither a line's end nor a '\' may join it with the next.
    if (line.size() > kColumnsMax) line = line.substr(0, kColumnsMax - 4) + " ...";
    if (line.back() == '\\') line += " .";
    remarks += line + "\n";
    at = end + 1;
  }
  return remarks;
}

}  // namespace

std::string test_of(const Plan& plan, const Failure& failure) {
  return "// A run that failed, shrunk to what the failure needs.\n" +
         remarks_of(failure.kind + ": " + failure.property + "\n", "// ") + "//\n" +
         remarks_of(story_of(plan), "//   ") +
         "#include <gtest/gtest.h>\n\n"
         "#include \"simulation/plan.h\"\n"
         "#include \"simulation/report.h\"\n"
         "#include \"simulation/run.h\"\n\n"
         "namespace {\n\n"
         "constexpr const char* kPlan =\n" +
         literals_of(to_text(plan)) + "\nTEST(Shrunk, Seed" + std::to_string(plan.options.seed) +
         camel(failure.property) +
         ") {\n"
         "  const auto plan = simulation::parse_plan(kPlan);\n"
         "  ASSERT_TRUE(plan) << plan.error().message;\n"
         "  const simulation::Report report = simulation::run(*plan, {});\n"
         "  EXPECT_FALSE(report.failure) << simulation::line_of(*report.failure, report.seed, "
         "\"unknown\");\n"
         "}\n\n"
         "}  // namespace\n";
}

}  // namespace simulation

// Source text as tests/tidy_test.cc sees it: scanned, not parsed, so that it needs no compiler.
//
// Shape    comments and the insides of literals are blanked before anything is looked for.
// Errors   code that is no C++ gives findings that make no sense; it does not compile either.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tests {

struct SourceFile {
  std::string path;  // From the root, with '/'.
  std::string text;
};

struct Function {
  std::size_t line;    // Of its head's first word, counted from 1.
  std::size_t length;  // In lines, head and closing brace included.
};

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

// The code alone: comments and the insides of literals become spaces, lines stay where they are.
// What an #include line names stays too.
[[nodiscard]] std::string code_of(const std::string& text);

// Whether `line` holds `name`: as a whole word where `name` begins or ends with a letter or digit,
// so "rand(" is not in "operand(", and as the beginning of one where it ends with '_'.
[[nodiscard]] bool mentions(const std::string& line, const std::string& name);

// What an #include line names; empty for any other line.
[[nodiscard]] std::string included_by(const std::string& line);

// The functions that lie in namespaces and types; lambdas and local types count with theirs.
[[nodiscard]] std::vector<Function> functions_of(const std::string& text);

}  // namespace tests

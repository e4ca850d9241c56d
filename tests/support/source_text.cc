#include "tests/support/source_text.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>
#include <utility>

namespace tests {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the comment or literal that starts at `at` ends; `at` itself where none does.
std::size_t end_of_blank(const std::string& text, std::size_t at) {
  const auto past = [&](std::string_view end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == std::string::npos ? text.size() : found + end.size();
  };
  const char before = at == 0 ? ' ' : text[at - 1];
  if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
  if (text.compare(at, 2, "/*") == 0) return past("*/", at + 2);
  if (text.compare(at, 2, "R\"") == 0 && !is_word(before)) {
    const std::size_t open = text.find('(', at);
    if (open == std::string::npos) return text.size();
    return past(")" + text.substr(at + 2, open - at - 2) + "\"", open);
  }
  const char quote = text[at];
  if (quote != '"' && (quote != '\'' || is_word(before))) return at;  // 16'384 is no character.
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

enum class Brace {
  kScope,     // A namespace or a type: functions may lie inside.
  kFunction,  // A function's body, and every brace within it.
  kValue,     // An initialiser: a table, a default, a member's value before a constructor's body.
};

// What a brace outside any function opens, by the text before it since the last ; { or }.
Brace brace_after(std::string head) {
  head.erase(head.find_last_not_of(" \n") + 1);
  if (head.starts_with("template")) {  // "template <class T>" makes no class.
    std::size_t end = head.find('<');
    for (int depth = 0; end < head.size(); ++end) {
      depth += head[end] == '<' ? 1 : head[end] == '>' ? -1 : 0;
      if (depth == 0) break;
    }
    head.erase(0, std::min(end, head.size() - 1) + 1);
  }
  const std::size_t arguments = head.find('(');
  const auto has = [&](const std::string& word) {
    return mentions(head.substr(0, arguments), word);
  };
  if (head.empty() || has("namespace") || has("extern")) return Brace::kScope;
  if (arguments == std::string::npos || head.find(" : public ") < arguments) {
    const bool type = has("class") || has("struct") || has("enum") || has("union");
    return type ? Brace::kScope : Brace::kValue;
  }
  // After ") : member" a brace holds the member's value; after ") : member(1)" it is the body.
  std::size_t colon = head.find(':', head.find(')'));
  while (colon != std::string::npos && head.compare(colon, 2, "::") == 0) {
    colon = head.find(':', colon + 2);
  }
  const bool member = colon != std::string::npos && (is_word(head.back()) || head.back() == '>');
  return member ? Brace::kValue : Brace::kFunction;
}

// Follows braces through code_of() text, a character at a time.
class FunctionScanner {
 public:
  explicit FunctionScanner(std::string code) : code_(std::move(code)) {}

  std::vector<Function> scan() {
    for (; at_ < code_.size(); ++at_) {
      const char c = code_[at_];
      if (c == '\n') ++line_;
      if (c == '#' && (at_ == 0 || code_[at_ - 1] == '\n')) {
        skip_directive();
      } else if (c == '{') {
        open();
      } else if (c == '}') {
        close();
      } else if (within_ == 0) {
        extend_head(c);
      }
    }
    return std::move(functions_);
  }

 private:
  void skip_directive() {  // With the lines that a backslash continues.
    while (at_ + 1 < code_.size() && (code_[at_ + 1] != '\n' || code_[at_] == '\\')) {
      if (code_[++at_] == '\n') ++line_;
    }
  }

  void extend_head(char c) {
    if (c == ';') {
      head_.clear();
    } else if (!head_.empty() || (c != ' ' && c != '\n')) {
      if (head_.empty()) head_line_ = line_;
      head_ += c;
    }
  }

  void open() {
    const Brace brace = within_ > 0 ? open_.back() : brace_after(head_);
    open_.push_back(brace);
    if (brace == Brace::kScope) {
      head_.clear();
    } else if (++within_ == 1 && brace == Brace::kFunction) {
      functions_.push_back({head_line_, 0});
    }
  }

  void close() {
    if (open_.empty()) return;
    const Brace brace = open_.back();
    open_.pop_back();
    if (brace != Brace::kScope && --within_ > 0) return;
    if (brace == Brace::kFunction) functions_.back().length = line_ - functions_.back().line + 1;
    head_ = brace == Brace::kValue ? head_ + "}" : "";
  }

  std::string code_;
  std::vector<Function> functions_;
  std::vector<Brace> open_;
  std::string head_;  // The text since the last ; { or } outside functions and values.
  std::size_t head_line_ = 1;
  std::size_t line_ = 1;
  std::size_t at_ = 0;
  std::size_t within_ = 0;  // How many of open_ lie in a function or value.
};

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string code_of(const std::string& text) {
  std::string code = text;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') line_start = at + 1;
    const std::size_t end = end_of_blank(text, at);
    if (end == at) continue;
    const bool include = text[at] == '"' && text.compare(line_start, 8, "#include") == 0;
    for (std::size_t i = at; i < end && !include; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = end - 1;
    if (text[at] == '\n') line_start = end;
  }
  return code;
}

bool mentions(const std::string& line, const std::string& name) {
  for (std::size_t at = line.find(name); at != std::string::npos; at = line.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool begins = at == 0 || !is_word(name.front()) || !is_word(line[at - 1]);
    const bool ends =
        name.back() == '_' || !is_word(name.back()) || end == line.size() || !is_word(line[end]);
    if (begins && ends) return true;
  }
  return false;
}

std::string included_by(const std::string& line) {
  if (!line.starts_with("#include")) return "";
  const std::size_t open = line.find_first_of("<\"");
  if (open == std::string::npos) return "";
  const std::size_t close = line.find_first_of(">\"", open + 1);
  return line.substr(open + 1, close - open - 1);
}

std::vector<Function> functions_of(const std::string& text) {
  return FunctionScanner(code_of(text)).scan();
}

}  // namespace tests

// Log: lines for people. Every line of a request carries its UUID; no line ever carries a secret.
//
// Shape    "2026-11-20T23:24:13.120Z warning [uuid] text", to standard error or to a file that
//          rotates. Control characters in the text are escaped: it may quote what a stranger sent.
// Errors   a file that cannot be opened is an Error; one that fails later loses lines, not the
//          node. Thread   any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crdt/result.h"
#include "node/effects.h"

namespace node {

struct LogConfig {
  Level level = Level::kInfo;
  std::string file;                     // Empty for standard error.
  std::size_t rotate_bytes = 64 << 20;  // One file greps in well under a second.
  std::size_t rotate_files = 5;         // Then the oldest goes.
};

class Log {
 public:
  [[nodiscard]] static crdt::Result<std::unique_ptr<Log>> open(const LogConfig& config);
  ~Log();

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool writes(Level level) const;
  void write(Level level, std::string_view text, const Uuid& request = {});
  void write(const Notice& notice) { write(notice.level, notice.text, notice.request); }

 private:
  class Spdlog;
  explicit Log(std::unique_ptr<Spdlog> spdlog);
  std::unique_ptr<Spdlog> spdlog_;
};

// "debug", "info", "warning", "error".
[[nodiscard]] crdt::Result<Level> parse_level(std::string_view text);

// Without control characters: "\n" becomes two characters, others "\x1b".
[[nodiscard]] std::string escape_control(std::string_view text);

}  // namespace node

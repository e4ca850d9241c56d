#include "node/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <utility>

namespace node {
namespace {

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

spdlog::sink_ptr sink_of(const LogConfig& config) {
  if (config.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(config.file, config.rotate_bytes,
                                                                config.rotate_files);
}

}  // namespace

class Log::Spdlog {
 public:
  explicit Spdlog(spdlog::sink_ptr sink) : logger("muster", std::move(sink)) {}

  spdlog::logger logger;
};

crdt::Result<std::unique_ptr<Log>> Log::open(const LogConfig& config) {
  try {
    auto spdlog = std::make_unique<Spdlog>(sink_of(config));
    spdlog->logger.set_level(level_of(config.level));
    spdlog->logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    // A line that says why a process ends must be there when it has ended.
    spdlog->logger.flush_on(spdlog::level::debug);
    // Reported once: losing lines is no reason to stop serving.
    spdlog->logger.set_error_handler([said = false](const std::string& what) mutable {
      if (!std::exchange(said, true)) std::fprintf(stderr, "the log fails: %s\n", what.c_str());
    });
    return std::unique_ptr<Log>(new Log(std::move(spdlog)));
  } catch (const spdlog::spdlog_ex& error) {
    return crdt::Error("cannot write the log: " + std::string(error.what()) +
                       "; set log.file to a place that this user can write");
  }
}

Log::Log(std::unique_ptr<Spdlog> spdlog) : spdlog_(std::move(spdlog)) {}
Log::~Log() = default;

bool Log::writes(Level level) const { return spdlog_->logger.should_log(level_of(level)); }

void Log::write(Level level, std::string_view text, const Uuid& request) {
  if (!writes(level)) return;
  std::string line;
  if (request != Uuid{}) line = "[" + to_string(request) + "] ";
  const bool clean = std::none_of(text.begin(), text.end(), is_control);
  line += clean ? std::string(text) : escape_control(text);
  spdlog_->logger.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

crdt::Result<Level> parse_level(std::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warning") return Level::kWarning;
  if (text == "error") return Level::kError;
  return crdt::Error("\"" + std::string(text) + "\" is not debug, info, warning or error");
}

std::string escape_control(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (!is_control(c)) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\x";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace node

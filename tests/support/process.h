// Process: a program that a test runs as a person would: with input, output and signals.
//
// Shape    standard output and error come as one text. Waiting ends with what is waited for or with
//          kPatience; nothing sleeps for a fixed time.
// Thread   the one that started it: it dies with that thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

class Process {
 public:
  static constexpr std::chrono::seconds kPatience{60};  // A sanitizer on a busy machine.

  enum class Input { kPipe, kTerminal };

  explicit Process(const std::vector<std::string>& command, Input input = Input::kPipe);
  ~Process();  // Kills what still runs.

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  void type(std::string_view text);
  void end_input();  // REQUIRES Input::kPipe
  void signal(int number) const;

  // Reads on until the output holds `text`; false if it ends before.
  bool read_until(std::string_view text);

  // Reads to the end. The exit code, or minus the signal that killed it; kStuck after kPatience.
  static constexpr int kStuck = -1000;
  int finish();

  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  enum class Reading { kMore, kEnd, kLate };

  Reading read_more(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string output_;
};

// A folder of its own, removed with all in it unless it is to be kept.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // For whoever looks into a failure.
  const std::filesystem::path& keep() {
    kept_ = true;
    return path_;
  }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

// The processes whose command line holds `text`.
[[nodiscard]] std::vector<pid_t> processes_naming(std::string_view text);

// Whether there are none, now or before kPatience has passed.
[[nodiscard]] bool no_process_names(std::string_view text);

}  // namespace tests

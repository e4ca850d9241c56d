// SerfAgent: one `serf agent` process and the RPC connection that watches it.
//
// Errors   one sentence; no process is left behind.
// Thread   one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "node/cli/child_process.h"

namespace node::cli {

class SerfAgent {
 public:
  struct Options {
    std::string program;
    std::filesystem::path output;
    std::string name;
    std::string bind;  // "host:port"
    std::uint16_t rpc_port = 0;
    std::string join;  // Of another agent; empty for the first one.
  };

  [[nodiscard]] static crdt::Result<std::unique_ptr<SerfAgent>> start(const Options& options);
  ~SerfAgent();
  SerfAgent(const SerfAgent&) = delete;
  SerfAgent& operator=(const SerfAgent&) = delete;

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  void kill() { process_.kill(); }

  // Connects to its RPC, as often as that takes, and has it tell of all events from then on.
  [[nodiscard]] crdt::Result<void> watch(std::chrono::milliseconds patience);
  // How many members it believes to be alive.
  [[nodiscard]] crdt::Result<std::size_t> alive(std::chrono::milliseconds patience);
  [[nodiscard]] crdt::Result<void> tell(const std::string& event, const std::string& payload);

  [[nodiscard]] int socket() const { return socket_; }
  // What it told since the last call: the bodies of streamed events. Does not wait.
  [[nodiscard]] std::vector<nlohmann::json> heard();

 private:
  SerfAgent(Options options, ChildProcess process)
      : options_(std::move(options)), process_(std::move(process)) {}

  [[nodiscard]] bool connect();
  [[nodiscard]] crdt::Result<void> send(const char* command, const nlohmann::json& body);
  [[nodiscard]] crdt::Result<nlohmann::json> answer(std::chrono::milliseconds patience);
  void take_values();
  [[nodiscard]] crdt::Error failed(const std::string& what) const;

  Options options_;
  ChildProcess process_;
  int socket_ = -1;
  std::uint64_t sequence_ = 0;  // Of the last request.
  std::uint64_t stream_ = 0;    // Of the one whose answers are events.
  bool awaits_ = false;         // Somebody waits for an answer.
  std::string bytes_;           // That came and make no whole value yet.
  std::vector<nlohmann::json> values_;
};

}  // namespace node::cli

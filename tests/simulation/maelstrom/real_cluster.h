// RealCluster: processes of muster-maelstrom, and Maelstrom's network between them: each line that
// one writes goes to the standard input of whom it names.
//
// Thread   the one that started it: the processes die with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace tests::maelstrom {

class RealCluster {
 public:
  static constexpr std::chrono::seconds kPatience{60};  // A sanitizer on a busy machine.

  RealCluster(const std::string& program, std::size_t nodes);
  ~RealCluster();

  RealCluster(const RealCluster&) = delete;
  RealCluster& operator=(const RealCluster&) = delete;

  // Asks them all at once. The bodies of their answers, null where none came within kPatience.
  // Meanwhile messages between nodes are carried.
  std::vector<nlohmann::json> ask_all(
      const std::vector<std::pair<std::size_t, nlohmann::json>>& requests);
  nlohmann::json ask(std::size_t node, const nlohmann::json& body) {
    return ask_all({{node, body}}).front();
  }

  [[nodiscard]] std::string name(std::size_t node) const { return "n" + std::to_string(node); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  // Ends its input and waits. Its exit code, or minus the signal that killed it.
  int finish(std::size_t node);

 private:
  struct Node {
    pid_t pid = -1;
    int in = -1;
    int out = -1;
    std::string output;  // Since the last whole line.
  };

  void start(Node& node, const std::string& program);
  void write(Node& node, const std::string& line);
  bool carry(std::chrono::steady_clock::time_point deadline);
  void route(const std::string& line);

  std::vector<Node> nodes_;
  std::uint64_t next_message_ = 1;
  std::vector<nlohmann::json> answers_;  // To the client.
};

}  // namespace tests::maelstrom

#include "tests/simulation/maelstrom/real_cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crdt/check.h"

namespace tests::maelstrom {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr const char* kClient = "c1";

}  // namespace

RealCluster::RealCluster(const std::string& program, std::size_t nodes) : nodes_(nodes) {
  ::signal(SIGPIPE, SIG_IGN);  // A node that ended is found out by its silence.
  for (Node& node : nodes_) start(node, program);
  json names = json::array();
  for (std::size_t i = 0; i < nodes; ++i) names.push_back(name(i));
  std::vector<std::pair<std::size_t, json>> inits;
  for (std::size_t i = 0; i < nodes; ++i) {
    inits.emplace_back(i, json{{"type", "init"}, {"node_id", name(i)}, {"node_ids", names}});
  }
  for (const json& answer : ask_all(inits)) CHECK(answer.value("type", "") == "init_ok");
}

RealCluster::~RealCluster() {
  for (Node& node : nodes_) {
    if (node.pid > 0) {
      ::kill(node.pid, SIGKILL);
      ::waitpid(node.pid, nullptr, 0);
    }
    if (node.in >= 0) ::close(node.in);
    ::close(node.out);
  }
}

void RealCluster::start(Node& node, const std::string& program) {
  int to[2] = {-1, -1};
  int from[2] = {-1, -1};
  CHECK(::pipe2(to, O_CLOEXEC) == 0 && ::pipe2(from, O_CLOEXEC) == 0);
  node.pid = ::fork();
  CHECK(node.pid >= 0);
  if (node.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(to[0], STDIN_FILENO);
    ::dup2(from[1], STDOUT_FILENO);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(to[0]);
  ::close(from[1]);
  node.in = to[1];
  node.out = from[0];
}

void RealCluster::write(Node& node, const std::string& line) {
  const std::string whole = line + '\n';
  for (std::size_t done = 0; done < whole.size();) {
    const ssize_t wrote = ::write(node.in, whole.data() + done, whole.size() - done);
    if (wrote <= 0) return;
    done += static_cast<std::size_t>(wrote);
  }
}

void RealCluster::route(const std::string& line) {
  const json message = json::parse(line);
  const std::string dest = message.at("dest");
  if (dest == kClient) return answers_.push_back(message.at("body"));
  write(nodes_.at(std::stoul(dest.substr(1))), line);
}

// Carries what is there, or waits for something. False where nothing comes in time.
bool RealCluster::carry(Clock::time_point deadline) {
  std::vector<pollfd> ready;
  for (const Node& node : nodes_) ready.push_back({node.out, POLLIN, 0});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0 || ::poll(ready.data(), ready.size(), static_cast<int>(left)) <= 0) return false;
  bool any = false;
  std::array<char, 65'536> buffer;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (ready[i].revents == 0) continue;
    const ssize_t got = ::read(nodes_[i].out, buffer.data(), buffer.size());
    if (got <= 0) continue;
    any = true;
    std::string& output = nodes_[i].output;
    output.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = output.find('\n')) != std::string::npos;) {
      route(output.substr(0, end));
      output.erase(0, end + 1);
    }
  }
  return any;
}

std::vector<json> RealCluster::ask_all(const std::vector<std::pair<std::size_t, json>>& requests) {
  const auto deadline = Clock::now() + kPatience;
  const std::uint64_t first = next_message_;
  for (const auto& [node, asked] : requests) {
    json body = asked;
    body["msg_id"] = next_message_++;
    write(nodes_.at(node), json{{"src", kClient}, {"dest", name(node)}, {"body", body}}.dump());
  }
  std::vector<json> found(requests.size());
  std::size_t missing = requests.size();
  do {
    for (json& answer : std::exchange(answers_, {})) {
      const auto id = answer.at("in_reply_to").get<std::uint64_t>();
      if (id < first) continue;  // Of a request that was given up.
      found.at(id - first) = std::move(answer);
      --missing;
    }
  } while (missing > 0 && carry(deadline));
  return found;
}

int RealCluster::finish(std::size_t node) {
  ::close(std::exchange(nodes_.at(node).in, -1));
  int status = 0;
  ::waitpid(std::exchange(nodes_.at(node).pid, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace tests::maelstrom

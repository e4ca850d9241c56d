#include "tests/cluster/balancer.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "crdt/check.h"
#include "node/cli/loopback_port.h"
#include "node/http_client.h"
#include "node/text_file.h"
#include "tests/support/process.h"

namespace tests {
namespace {

constexpr const char* kProgram = "/usr/sbin/haproxy";
constexpr std::chrono::milliseconds kLookEvery{20};  // Its statistics have no event.

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);  // The file changed: so must this.
  text.replace(at, from.size(), to);
}

std::vector<std::string> split(const std::string& line, char at) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, at);) fields.push_back(field);
  return fields;
}

template <class Look>
bool wait_for(Look look) {
  const auto deadline = std::chrono::steady_clock::now() + Process::kPatience;
  while (!look()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

constexpr std::string_view kPeer = "peer-";

std::string name_of(int peer) { return std::string(kPeer) + std::to_string(peer); }

}  // namespace

std::string adapt_to_test(const std::string& text, const std::vector<std::uint16_t>& peers,
                          std::uint16_t port, std::uint16_t stats_port) {
  using node::cli::loopback_address;
  std::string kept;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
    const std::string rest = line.substr(start);
    const bool of_one_machine = rest.starts_with("server ") || rest.starts_with("user ") ||
                                rest.starts_with("group ") || rest.starts_with("log /dev/log");
    if (!of_one_machine) kept += line + "\n";
  }
  replace(kept, "bind :80\n", "bind " + loopback_address(port) + "\n");
  replace(kept, "inter 1s fastinter 250ms downinter 500ms",
          "inter 200ms fastinter 100ms downinter 200ms");
  for (std::size_t i = 0; i < peers.size(); ++i) {
    kept += "    server " + name_of(static_cast<int>(i) + 1) + " " + loopback_address(peers[i]);
    kept += "\n";
  }
  return kept + "frontend statistics\n    bind " + loopback_address(stats_port) +
         "\n    stats enable\n    stats uri /\n";
}

std::string Balancer::missing() {
  return std::filesystem::exists(kProgram) ? "" : "no HAProxy (Debian: apt-get install haproxy)";
}

crdt::Result<std::unique_ptr<Balancer>> Balancer::start(const std::vector<std::uint16_t>& peers,
                                                        int listening,
                                                        const std::filesystem::path& folder) {
  const auto file = node::read_text_file(MUSTER_SOURCE_DIR "/node/deploy/haproxy.cfg");
  if (!file) return file.error();
  const auto ports = node::cli::free_loopback_ports(2);
  if (!ports) return ports.error();
  const std::string config = folder / "haproxy.cfg";
  std::ofstream(config) << adapt_to_test(file->text, peers, (*ports)[0], (*ports)[1]);
  auto process =
      node::cli::ChildProcess::start({kProgram, "-db", "-f", config}, folder / "haproxy.log");
  if (!process) return process.error();
  std::unique_ptr<Balancer> balancer(
      new Balancer((*ports)[0], (*ports)[1], static_cast<int>(peers.size()), std::move(*process)));
  bool up = true;
  for (int peer = 1; peer <= listening; ++peer) up = up && balancer->wait_until(peer, true);
  if (up) return balancer;
  const auto log = node::read_text_file((folder / "haproxy.log").string());
  return crdt::Error("HAProxy does not reach the peers: " + (log ? log->text : ""));
}

std::string Balancer::ask(const std::string& server, const std::string& column) const {
  node::HttpClient client("127.0.0.1", stats_port_, std::chrono::seconds(3));
  const auto answer = client.call({"GET", "/;csv", {}, {}});
  if (!answer) return {};
  const std::vector<std::string> lines = split(answer->body, '\n');
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = split(line, ',');
    if (fields.size() < 2 || fields[0] != "muster" || fields[1] != server) continue;
    const std::vector<std::string> names = split(lines.front(), ',');
    for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) {
      if (names[i] == column) return fields[i];
    }
  }
  return {};
}

bool Balancer::wait_until(int peer, bool up) const {
  return wait_for([&] {
    const std::string status = ask(name_of(peer), "status");
    return up ? status == "UP" : status.starts_with("DOWN");
  });
}

bool Balancer::wait_until_all_up() const {
  for (int peer = 1; peer <= peers_; ++peer) {
    if (!wait_until(peer, true)) return false;
  }
  return true;
}

int Balancer::peer_named(std::string_view header) {
  if (!header.starts_with(kPeer)) return 0;
  return std::atoi(std::string(header.substr(kPeer.size())).c_str());
}

long Balancer::redispatched() const { return std::atol(ask("BACKEND", "wredis").c_str()); }

}  // namespace tests

// Balancer: the real HAProxy with node/deploy/haproxy.cfg in front of peers of this machine.
//
// Shape    of that file only what belongs to one machine is changed: addresses, the user, the log,
//          and how often it checks. A second port says what HAProxy thinks of its servers.
// Errors   one sentence; missing() says why this machine cannot do it.
// Thread   one, the one that started it; port() from any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"
#include "node/cli/child_process.h"

namespace tests {

class Balancer {
 public:
  // Empty where HAProxy is there.
  [[nodiscard]] static std::string missing();

  // Of peers by their ports for Slack's requests, which they keep; they count from 1. Those up to
  // `listening` listen already.
  [[nodiscard]] static crdt::Result<std::unique_ptr<Balancer>> start(
      const std::vector<std::uint16_t>& peers, int listening, const std::filesystem::path& folder);

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // Waits until it sends requests to this peer, or no more; false if it never does.
  [[nodiscard]] bool wait_until(int peer, bool up) const;
  [[nodiscard]] bool wait_until_all_up() const;

  // The peer that the header of an answer names ("x-muster-peer"); 0 where it names none.
  [[nodiscard]] static int peer_named(std::string_view header);

  // How often it gave a request to another peer than the first.
  [[nodiscard]] long redispatched() const;

 private:
  Balancer(std::uint16_t port, std::uint16_t stats_port, int peers,
           node::cli::ChildProcess&& process)
      : port_(port), stats_port_(stats_port), peers_(peers), process_(std::move(process)) {}

  // A column of its statistics; empty where there is none.
  [[nodiscard]] std::string ask(const std::string& server, const std::string& column) const;

  std::uint16_t port_;
  std::uint16_t stats_port_;
  int peers_;
  node::cli::ChildProcess process_;
};

// node/deploy/haproxy.cfg with the servers and addresses of a test.
[[nodiscard]] std::string adapt_to_test(const std::string& text,
                                        const std::vector<std::uint16_t>& peers, std::uint16_t port,
                                        std::uint16_t stats_port);

}  // namespace tests

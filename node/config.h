// Config: the file that `muster serve` runs by. Every setting has one place and one meaning; what
// is not understood is refused, because a misspelt limit would otherwise be no limit.
//
// Shape    JSON without comments. Relative paths are relative to the file. `muster init` writes
//          one.
//            name, letter, data_dir, identity_file, reply_hold_ms, drain_ms, retention_days
//            slack  {listen, signing_secret_file or signing_secret_env}
//            admin  {listen}, or nothing
//            peers  {listen, cluster, list: [{name, address, public_key}],
//                    membership_file, cluster_secret_file, address}
//            limits {body_bytes, connections}
//            log    {level, file, rotate_bytes, rotate_files}
//            store  {map_bytes, disk_reserve_bytes}
// Errors   one sentence that names the file and the place in it. What is merely unwise is a
//          warning.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"
#include "node/log.h"
#include "node/replica.h"

namespace node {

struct Config {
  ReplicaConfig replica;
  std::string data_dir;
  std::string slack_listen;                     // "host:port", as the other two.
  std::string admin_listen = "127.0.0.1:8081";  // Not beyond this machine unless somebody says so.
  std::string peers_listen;
  std::size_t body_bytes_max = 1 << 20;  // Slack's largest payloads are well below.
  std::size_t connections_max = 4096;    // A load balancer's pool, many times over.
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
  // From SIGTERM until the listeners close, for load balancers to see /readyz. Five seconds are a
  // few checks of most of them; what is sent meanwhile is served.
  std::chrono::milliseconds drain{5'000};
  LogConfig log;
  bool accept_restored = false;  // On the command line only: serve a copy although nobody vouches.
  std::vector<std::string> warnings;
};

// What nodes and clusters may be called: letters, digits, dots, dashes and underscores, 64 at most.
[[nodiscard]] bool is_name(std::string_view text);

[[nodiscard]] crdt::Result<Config> load_config(const std::string& path);

// Only data_dir of such a file: its secrets may not be readable for whoever asks.
[[nodiscard]] crdt::Result<std::string> data_dir_in(const std::string& path);

// Whose store a configuration is about. Its secrets may not be readable for whoever asks.
struct StorePlace {
  std::string data_dir;
  std::string node;
  std::string cluster;
};
[[nodiscard]] crdt::Result<StorePlace> store_place_in(const std::string& path);

}  // namespace node

#include "node/cli/peer_status.h"

#include <nlohmann/json.hpp>

namespace node::cli {

crdt::Result<PeerStatus> parse_peer_status(std::string_view body) {
  try {
    const nlohmann::json json = nlohmann::json::parse(body);
    PeerStatus status;
    status.name = json.at("name");
    status.log_head = json.at("log_head");
    status.documents = json.at("documents");
    status.records = json.at("records");
    status.conflicts = json.value("conflicts", std::uint64_t{0});
    status.state_hash = json.at("state_hash");
    status.read_only = json.at("read_only");
    for (const nlohmann::json& peer : json.at("peers")) {
      status.peers.push_back(
          {peer.at("name"), peer.at("state"), peer.value("lag", std::uint64_t{0})});
    }
    return status;
  } catch (const nlohmann::json::exception& error) {
    return crdt::Error("the status is not what this muster expects: " + std::string(error.what()));
  }
}

}  // namespace node::cli

// What `muster doctor` tries out: a link with a peer, a store's lock, a listener's port.
//
// Shape    each looks and leaves nothing behind. A peer is dialled as a peer dials it, up to where
//          it has proven its key; then the line is dropped, and the doctor's own key, drawn for
//          this, is never shown.
// Thread   one; blocking, within the given time.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gossip/noise_keys.h"

namespace node::cli {

struct PeerProbe {
  enum class Reached {
    kNobody,        // No connection.
    kSilent,        // A connection, and no answer that a peer would give.
    kOtherCluster,  // It does not speak for this cluster, or this version of the protocol.
    kOtherKey,      // A peer of this cluster, with another key than the one expected.
    kPeer,
  };

  Reached reached = Reached::kNobody;
  std::string detail;  // What the system said; for kOtherKey the key, in hexadecimal.
};

[[nodiscard]] PeerProbe probe_peer(const std::string& address, const std::string& cluster,
                                   const std::optional<gossip::PublicKey>& expected,
                                   std::chrono::milliseconds patience);

// Who holds the lock of the store in `dir`: "process 7"; empty where nobody does.
[[nodiscard]] std::string holder_of_store(const std::string& dir);

// Why nothing could listen at "host:port"; empty where it could.
[[nodiscard]] std::string why_no_listener(const std::string& address);

}  // namespace node::cli

// LocalAccess: how programs on this machine find a running peer's admin API and prove themselves:
// three small files beside its store.
//
// Shape    admin.address   "host:port" of the newest start, written once it listens
//          operator.token  may everything;  reader.token  may look: for dashboards and Prometheus.
//          Both are made at the first start, with mode 0600. To replace one: delete the file and
//          start the peer again.
// Errors   one sentence that names the file.
#pragma once

#include <string>
#include <vector>

#include "crdt/result.h"
#include "crdt/rng.h"
#include "node/admin_token.h"
#include "node/host_port.h"

namespace node {

[[nodiscard]] std::string operator_token_file(const std::string& data_dir);
[[nodiscard]] std::string reader_token_file(const std::string& data_dir);
[[nodiscard]] std::string admin_address_file(const std::string& data_dir);

// Both tokens; what is missing is made. REQUIRES the store's lock. A file that every user
// may read adds a sentence to `warnings`.
[[nodiscard]] crdt::Result<std::vector<AdminToken>> open_local_tokens(
    const std::string& data_dir, crdt::Rng& rng, std::vector<std::string>& warnings);

[[nodiscard]] crdt::Result<std::string> read_token(const std::string& file);

// A wildcard address is written as the loopback one.
[[nodiscard]] crdt::Result<void> publish_admin_address(const std::string& data_dir,
                                                       const std::string& address);
[[nodiscard]] crdt::Result<HostPort> read_admin_address(const std::string& data_dir);

}  // namespace node

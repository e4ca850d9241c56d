// Operator keys: the files that hold them. They belong to whoever runs the cluster and lie apart
// from the nodes, which know only the public halves.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "crdt/result.h"
#include "gossip/signing_keys.h"

namespace node::cli {

struct OperatorKeys {
  gossip::SigningSeed daily;     // operator.key
  gossip::SigningSeed recovery;  // recovery.key
};

// Makes both files in `dir`. Never replaces one.
[[nodiscard]] crdt::Result<OperatorKeys> make_operator_keys(const std::string& dir);

[[nodiscard]] crdt::Result<gossip::SigningSeed> read_operator_key(const std::string& file);

// --operator-key, required.
void add_operator_option(CLI::App& command, std::string& file);

}  // namespace node::cli

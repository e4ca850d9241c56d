// Tokens that the replicas of tests know: Authorization headers, and what a ReplicaConfig takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/admin_token.h"

namespace tests {

inline constexpr const char* kOperator = "Bearer operator.0123";
inline constexpr const char* kReader = "Bearer reader.4567";

inline std::vector<node::AdminToken> admin_tokens() {
  return {{"operator", node::AdminRole::kOperator, node::hash_token("operator.0123")},
          {"reader", node::AdminRole::kReader, node::hash_token("reader.4567")}};
}

}  // namespace tests

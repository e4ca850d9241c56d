// Configuration that peers share: documents "config/<key>" of one JSON value each.
//
// Shape    GET /config/<key>, PUT /config/<key> {"value": ..., "if_version": "..."}. A version
//          names the document's state. "if_version" is compared here, in the transaction that
//          writes: a stale one changes nothing; "" stands for "not there yet". Two sides of a split
//          may both succeed, and then the key shows a conflict until it is set again; ?wait=all
//          narrows that window and says who has it (node/replica_wait.h).
// Size     a key within kConfigKeyBytesMax, of letters, digits and "-_./"; a value within
//          crdt::kValueBytesMax as JSON.
#pragma once

#include "node/admin_api.h"

namespace node {

inline constexpr std::size_t kConfigKeyBytesMax = 128;  // A document's key has room for 200.

void serve_config_get(AdminContext& context, const AdminRequest& request);
void serve_config_put(AdminContext& context, const AdminRequest& request);

}  // namespace node

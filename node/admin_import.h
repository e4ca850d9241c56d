// POST /import: joins documents and records of an export into this peer, as a stream of requests.
#pragma once

#include "node/admin_api.h"

namespace node {

// {"lines": [...]}, each as node/replica_export.h says; heads and ends change nothing. All of them
// are judged before any is taken. The answer counts them, and waits as the query asks
// (node/replica_wait.h).
void serve_import(AdminContext& context, const AdminRequest& request);

}  // namespace node

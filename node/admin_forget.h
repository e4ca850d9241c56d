// What operators have forgotten before its time is over (crdt/horizon.h), over the admin API.
#pragma once

#include "node/admin_api.h"

namespace node {

// {"before": seconds since the Unix epoch}: events and answers that are older, in all channels.
// {"channel": "<installation>/<channel>"}: all that is held of one channel: its tasks, events and
// answers. Either is one change that every peer follows when it takes it, whoever is away now; it
// is answered when as many have it as the request waits for.
void serve_forget(AdminContext& context, const AdminRequest& request);

}  // namespace node

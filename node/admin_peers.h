// What the admin API says and takes about who belongs to the cluster. Operators' keys never come
// here: an operator's machine signs, and this passes on.
//
// Shape    GET  /peers          {name, cluster, operators, refused, waiting, peers: [...]}
//          POST /peers/entries  {"entry": hex} of a gossip::RosterEntry
//          POST /peers/invite   {"token": hex} of its id: {key, sponsors}
#pragma once

#include "node/admin_api.h"

namespace node {

void serve_peers(AdminContext& context, const AdminRequest& request);
void serve_peers_entry(AdminContext& context, const AdminRequest& request);
void serve_peers_invite(AdminContext& context, const AdminRequest& request);

}  // namespace node

// What the admin API says and takes about who belongs to the cluster. Operators' keys never come
// here: an operator's machine signs, and this passes on.
//
// Shape    GET  /peers           {name, cluster, operators, refused, waiting, free_letter,
//                                 invitations: [{token, letter, expires_in_s}], peers: [...]}
//          POST /peers/entries   {"entry": hex} of a gossip::RosterEntry
//          POST /peers/invite    {"permit": hex} of a gossip::Permit: {key, sponsors}; 409 where
//                                its letter is somebody's
//          POST /peers/withdraw  {"withdrawal": hex} of a gossip::Withdrawal's record: {used_by}
#pragma once

#include "node/admin_api.h"

namespace node {

void serve_peers(AdminContext& context, const AdminRequest& request);
void serve_peers_entry(AdminContext& context, const AdminRequest& request);
void serve_peers_invite(AdminContext& context, const AdminRequest& request);
void serve_peers_withdraw(AdminContext& context, const AdminRequest& request);

}  // namespace node

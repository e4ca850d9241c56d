// Who may what at every peer: names to which operators granted a role, each with a token of its
// own.
//
// Shape    a document, kGrantsKey: a remove-wins set of names ("who"), and beside each name what
//          its token is worth ("token/<name>": a role, a space, the token's hash in hexadecimal).
//          A token opens the admin API of every peer for as long as its name is in the set. A name
//          is granted once: what was revoked stays revoked, also where a peer that was away grants
//          it meanwhile. The two tokens beside each store (node/local_access.h) are no part of
//          this: they work before there is anybody, and when nobody is left.
//            GET  /admins          {admins: [{name, role, state, granted_by}]}
//            POST /admins/grant    {name, role, hash}; whoever asks draws the token
//            POST /admins/revoke   {name}
// Size     kGrantsMax names, some 250 octets each, for ever.
// Laws     nothing revoked opens anything where the revocation is known, whatever else is:
//          tests/node/admin_grants_test.cc.
#pragma once

#include <optional>
#include <string_view>

#include "node/admin_api.h"

namespace node {

inline constexpr std::string_view kGrantsKey = "cluster/admins";

// An organisation's operators and scrapers over many years; a request reads one of them.
inline constexpr std::size_t kGrantsMax = 1'000;

// What the token of an Authorization header was granted, and not revoked, in this document.
[[nodiscard]] std::optional<AdminToken> find_granted(std::string_view authorization,
                                                     const crdt::Document& grants);

void serve_admins(AdminContext& context, const AdminRequest& request);
void serve_grant(AdminContext& context, const AdminRequest& request);
void serve_revoke(AdminContext& context, const AdminRequest& request);

}  // namespace node

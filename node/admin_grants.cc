#include "node/admin_grants.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/edit.h"
#include "crdt/mv_register.h"
#include "crdt/path.h"
#include "crdt/remove_wins_set.h"
#include "crdt/request_id.h"
#include "gossip/noise_keys.h"
#include "slack/ascii.h"

namespace node {
namespace {

using nlohmann::json;

constexpr std::string_view kToken = "token";
constexpr std::size_t kNameBytesMax = 64;  // Fits a table's column.

const crdt::RemoveWinsSet kWho("who");

crdt::MvRegister token_of(std::string_view name) {
  return crdt::MvRegister(crdt::child_path(kToken, name));
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return slack::is_letter(c) || slack::is_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

AdminRole role_in(std::string_view text) {
  for (const AdminRole role : {AdminRole::kReader, AdminRole::kOperator}) {
    if (text == to_string(role)) return role;
  }
  return AdminRole::kNobody;
}

std::optional<TokenHash> hash_in(std::string_view hex) {
  TokenHash hash{};
  const crdt::Bytes bytes = crdt::from_hex(hex);
  if (bytes.size() != hash.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// What a value under "token/<name>" says; nothing where a peer wrote what is no such thing.
std::optional<AdminToken> token_in(std::string_view name, std::string_view value) {
  const std::size_t space = std::min(value.find(' '), value.size());
  const AdminRole role = role_in(value.substr(0, space));
  const auto hash = hash_in(value.substr(std::min(space + 1, value.size())));
  if (role == AdminRole::kNobody || !hash) return std::nullopt;
  return AdminToken{std::string(name), role, *hash};
}

// Two where one name was granted on two sides of a split: each token is worth what it was given.
std::vector<AdminToken> tokens_of(const crdt::Document& grants, std::string_view name) {
  std::vector<AdminToken> tokens;
  const crdt::MvRegister granted = token_of(name);
  for (const crdt::Leaf* leaf : granted.values(grants)) {
    if (auto token = token_in(name, leaf->value)) tokens.push_back(std::move(*token));
  }
  return tokens;
}

// A member can write any leaf: what nobody could be granted is nobody's.
std::set<std::string> names_in(const crdt::Document& grants) {
  std::set<std::string> names;
  for_each_below(grants, kToken, [&](const auto&, const auto&, std::string_view rest) {
    std::string name = crdt::unescape_part(rest);
    if (is_name(name) && token_of(name).winner(grants) != nullptr) names.insert(std::move(name));
  });
  return names;
}

// REQUIRES a name of names_in().
json row_of(const crdt::Document& grants, const std::string& name) {
  AdminRole role = AdminRole::kNobody;
  for (const AdminToken& token : tokens_of(grants, name)) role = std::max(role, token.role);
  const crdt::MvRegister granted = token_of(name);
  return {{"name", name},
          {"role", to_string(role)},
          {"state", kWho.contains(grants, name) ? "granted" : "revoked"},
          {"granted_by", granted.winner(grants)->stamp.author}};
}

std::string text_in(const json& body, const char* key) {
  if (!body.is_object() || !body.contains(key) || !body[key].is_string()) return {};
  return body[key].get<std::string>();
}

// The document, or nullptr after a refusal. Valid until the repository's next call.
const crdt::Document* find(AdminContext& context, const AdminRequest& request) {
  const auto document = context.repository.document(std::string(kGrantsKey));
  if (document) return *document;
  refuse(context, request, 503, document.error().message);
  return nullptr;
}

// Why nothing may be changed now; empty where it may.
std::string_view why_not(const AdminContext& context) {
  if (context.peer != nullptr) return context.unfit;
  return "this peer cannot store changes at the moment (its disk is full or failing)";
}

struct Fault {
  int status = 0;
  std::string why;
};

std::optional<Fault> fault_of_grant(const json& body, const crdt::Document& grants) {
  const std::string name = text_in(body, "name");
  if (!is_name(name) || role_in(name) != AdminRole::kNobody) {
    return Fault{400,
                 "a name has up to 64 letters, digits, dots, dashes and underscores, and is not "
                 "that of a role"};
  }
  if (role_in(text_in(body, "role")) == AdminRole::kNobody) {
    return Fault{400, "\"role\" is \"reader\", who may look, or \"operator\", who may everything"};
  }
  if (!hash_in(text_in(body, "hash"))) {
    return Fault{400, "\"hash\" is that of the token, 64 hexadecimal digits"};
  }
  if (kWho.contains(grants, name)) {
    return Fault{409, name + " has a token already; revoke it, and grant one under another name"};
  }
  if (!grants.at(kWho.path(name)).empty()) {
    return Fault{409, name + " was revoked, for ever; grant a token under another name, such as " +
                          name + "-2"};
  }
  if (names_in(grants).size() >= kGrantsMax) {
    return Fault{409, "at most " + std::to_string(kGrantsMax) + " names can ever be granted"};
  }
  return std::nullopt;
}

// Stores what `write` does to the document, and answers with `said` when as many have it as the
// request waits for; at once, by what stands, where it does nothing.
template <class Write>
void change(AdminContext& context, const AdminRequest& request, const crdt::Document& grants,
            json said, Write write) {
  const auto concern = parse_write_concern(request.query, 1 + context.peer->holders(0).size());
  if (!concern) return refuse(context, request, 400, concern.error().message);
  const std::string key(kGrantsKey);
  const std::string id = to_string(request.http.uuid);
  crdt::Edit edit(
      grants, context.repository.run(), {crdt::request_id_of({"admin", id}), request.token.name},
      {context.now.wall.time_since_epoch().count()}, context.repository.previous_context(key));
  write(edit);
  const auto seq = edit.empty() ? context.repository.last_touched(key)
                                : context.apply({{{key, edit.finish()}}, {}});
  if (!seq) return refuse(context, request, 503, seq.error().message);
  context.answer_when_held(request, *seq, *concern, std::move(said));
}

}  // namespace

std::optional<AdminToken> find_granted(std::string_view authorization,
                                       const crdt::Document& grants) {
  const std::string_view shown = bearer_token(authorization);
  const std::string_view name = shown.substr(0, std::min(shown.rfind('.'), shown.size()));
  if (!is_name(name) || !kWho.contains(grants, name)) return std::nullopt;
  const std::vector<AdminToken> tokens = tokens_of(grants, name);
  const AdminToken* found = find_token(authorization, tokens);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

void serve_admins(AdminContext& context, const AdminRequest& request) {
  const crdt::Document* grants = find(context, request);
  if (grants == nullptr) return;
  json rows = json::array();
  for (const std::string& name : names_in(*grants)) rows.push_back(row_of(*grants, name));
  answer(context, request, {{"admins", std::move(rows)}});
}

void serve_grant(AdminContext& context, const AdminRequest& request) {
  if (const auto why = why_not(context); !why.empty()) return refuse(context, request, 503, why);
  const crdt::Document* grants = find(context, request);
  if (grants == nullptr) return;
  if (const auto fault = fault_of_grant(request.body, *grants)) {
    return refuse(context, request, fault->status, fault->why);
  }
  const std::string name = text_in(request.body, "name");
  const std::string role = text_in(request.body, "role");
  const TokenHash hash = *hash_in(text_in(request.body, "hash"));
  change(context, request, *grants, {{"name", name}, {"role", role}}, [&](crdt::Edit& edit) {
    kWho.grant(edit, name);
    token_of(name).write(edit, role + " " + crdt::to_hex(gossip::view_of(hash)));
  });
}

void serve_revoke(AdminContext& context, const AdminRequest& request) {
  if (const auto why = why_not(context); !why.empty()) return refuse(context, request, 503, why);
  const crdt::Document* grants = find(context, request);
  if (grants == nullptr) return;
  const std::string name = text_in(request.body, "name");
  if (!is_name(name) || grants->at(kWho.path(name)).empty()) {
    return refuse(context, request, 404,
                  "nobody was granted anything under the name \"" + name +
                      "\", as far as this peer knows; muster admins list says who was");
  }
  const bool in = kWho.contains(*grants, name);
  change(context, request, *grants, {{"name", name}, {"was", in ? "granted" : "revoked"}},
         [&](crdt::Edit& edit) {
           if (in) kWho.revoke(edit, name);
         });
}

}  // namespace node

#include "node/admin_api.h"

#include <algorithm>
#include <array>
#include <optional>

#include "node/admin_config.h"
#include "node/admin_forget.h"
#include "node/admin_grants.h"
#include "node/admin_import.h"
#include "node/admin_peers.h"
#include "slack/json_reader.h"
#include "slack/json_writer.h"

namespace node {
namespace {

constexpr std::string_view kPrometheus = "text/plain; version=0.0.4";

void reply(Effects& effects, const HttpRequest& to, int status, std::string body,
           std::string_view content_type = kJson) {
  effects.replies.push_back({to.exchange, status, content_type, std::move(body), false});
}

void refuse(Effects& effects, const HttpRequest& to, int status, std::string_view why) {
  std::string body;
  slack::JsonWriter json(body);
  json.begin_object().field("error", why).end_object();
  reply(effects, to, status, std::move(body));
}

void serve_status(AdminContext& context, const AdminRequest& request) {
  reply(context.effects, request.http, 200, to_json(context.status()));
}

void serve_metrics(AdminContext& context, const AdminRequest& request) {
  reply(context.effects, request.http, 200, to_prometheus(context.status()), kPrometheus);
}

void serve_routes(AdminContext& context, const AdminRequest& request) {
  nlohmann::json routes = nlohmann::json::array();
  for (const AdminRoute& route : admin_routes()) {
    routes.push_back({{"method", route.method},
                      {"path", route.path},
                      {"role", to_string(route.role)},
                      {"what", route.what}});
  }
  answer(context, request, {{"routes", std::move(routes)}});
}

constexpr std::array kRoutes{
    AdminRoute{"GET", "/", AdminRole::kReader, "what there is here", serve_routes},
    AdminRoute{"GET", "/admins", AdminRole::kReader, "who was granted what", serve_admins},
    AdminRoute{"POST", "/admins/grant", AdminRole::kOperator,
               "lets a token in at every peer: {name, role, hash}; ?wait=local|N|all&timeout=2s",
               serve_grant},
    AdminRoute{"POST", "/admins/revoke", AdminRole::kOperator,
               "shuts a name's token out, for ever: {name}; ?wait=local|N|all&timeout=2s",
               serve_revoke},
    AdminRoute{"GET", "/config/", AdminRole::kReader, "a key's value and version",
               serve_config_get},
    AdminRoute{"PUT", "/config/", AdminRole::kOperator, "sets a key: {value, if_version}",
               serve_config_put},
    AdminRoute{"POST", "/forget", AdminRole::kOperator,
               "forgets on every peer, for ever: {before: seconds} or {channel: \"T1/C1\"}; "
               "?wait=local|N|all&timeout=2s",
               serve_forget},
    AdminRoute{"POST", "/import", AdminRole::kOperator,
               "join lines of an export: {\"lines\": [...]}; ?wait=local|N|all&timeout=2s",
               serve_import},
    AdminRoute{"GET", "/metrics", AdminRole::kReader, "figures for Prometheus", serve_metrics},
    AdminRoute{"GET", "/peers", AdminRole::kReader, "who belongs to the cluster", serve_peers},
    AdminRoute{"POST", "/peers/entries", AdminRole::kOperator,
               "takes {entry}, a signed roster entry", serve_peers_entry},
    AdminRoute{"POST", "/peers/invite", AdminRole::kOperator,
               "takes {permit}, signed; gives what its joiner needs", serve_peers_invite},
    AdminRoute{"POST", "/peers/withdraw", AdminRole::kOperator,
               "takes {withdrawal}, signed: its token lets nobody in", serve_peers_withdraw},
    AdminRoute{"GET", "/status", AdminRole::kReader, "this peer and its links", serve_status},
};

bool leads_to(const AdminRoute& route, std::string_view path) {
  if (route.path.size() == 1 || route.path.back() != '/') return path == route.path;
  return path.size() > route.path.size() && path.starts_with(route.path);
}

// The route, or the refusal that was sent instead.
const AdminRoute* find_route(AdminContext& context, const HttpRequest& http,
                             std::string_view path) {
  std::string allowed;
  for (const AdminRoute& route : kRoutes) {
    if (!leads_to(route, path)) continue;
    if (route.method == http.method) return &route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (allowed.empty()) {
    refuse(context.effects, http, 404,
           "there is nothing at this address; GET / lists what there is");
  } else {
    refuse(context.effects, http, 405, "this address takes " + allowed + " only");
  }
  return nullptr;
}

// nullopt where it cannot be read. Empty text is null.
std::optional<nlohmann::json> read_body(std::string_view text) {
  if (text.empty()) return nlohmann::json();
  auto body = slack::parse_json(text);
  if (body && !body->is_object()) return std::nullopt;
  return body;
}

// What the caller may, or nothing after a refusal. While this peer knows less than the others, such
// as who was revoked meanwhile, it lets in only whoever its own files name.
std::optional<AdminToken> find_caller(AdminContext& context, const HttpRequest& http) {
  const AdminToken* own = find_token(http.authorization, context.config.admin_tokens);
  if (own != nullptr) return *own;
  const auto grants = context.repository.document(std::string(kGrantsKey));
  const bool known = grants && context.unfit.empty();
  if (known) {
    if (auto granted = find_granted(http.authorization, **grants)) return granted;
  }
  const bool shown = !bearer_token(http.authorization).empty();
  refuse(context.effects, http, 401,
         !shown ? "this needs a token: send \"Authorization: Bearer TOKEN\", with what stands in "
                  "operator.token or reader.token in the peer's data folder, or with one that "
                  "muster admins grant made"
         : known
             ? "this peer does not know this token; it knows those in operator.token and "
               "reader.token in its data folder, and those that were granted and not revoked "
               "(muster admins list)"
             : "this peer does not know at the moment who was granted what; it takes the tokens in "
               "operator.token and reader.token in its data folder, or ask another peer");
  return std::nullopt;
}

void serve_caller(AdminContext& context, const HttpRequest& http, const AdminToken& token) {
  const std::string_view target = http.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const AdminRoute* route = find_route(context, http, path);
  if (route == nullptr) return;
  if (token.role < route->role) {
    return refuse(context.effects, http, 403,
                  "the token \"" + token.name + "\" may only read; this needs an operator's");
  }
  const bool more = path.size() > route->path.size();
  const std::string named =
      more ? "rest=" + std::string(path.substr(route->path.size())) : std::string();
  const auto rest = slack::Form::parse(named);
  auto query = slack::Form::parse(target.substr(std::min(path.size() + 1, target.size())));
  if (!rest || !query || rest->size() > 1) {
    return refuse(context.effects, http, 400,
                  "the address cannot be read: write each octet that is no letter and no digit "
                  "as %XX");
  }
  auto body = read_body(http.body);
  if (!body) return refuse(context.effects, http, 400, "the body must be one JSON object");
  const AdminRequest request{http, std::string(rest->at("rest")), std::move(*query),
                             std::move(*body), token};
  route->serve(context, request);
}

}  // namespace

std::span<const AdminRoute> admin_routes() { return kRoutes; }

bool serve_admin(AdminContext& context, const HttpRequest& http) {
  const std::optional<AdminToken> token = find_caller(context, http);
  if (!token) return false;
  serve_caller(context, http, *token);
  return true;
}

void answer(AdminContext& context, const AdminRequest& request, const nlohmann::json& body,
            int status) {
  // Names may hold anything that a configuration does; what is not UTF-8 is replaced.
  reply(context.effects, request.http, status,
        body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void refuse(AdminContext& context, const AdminRequest& request, int status, std::string_view why) {
  refuse(context.effects, request.http, status, why);
}

}  // namespace node

// The admin API: what operators ask of a running peer over its admin address. JSON in, JSON out.
//
// Shape    admin_routes() is the table: method, path, who may, a sentence, the handler. A request
//          is judged (token, path, method, role, body) before any handler sees it. A handler puts
//          answers into AdminContext::effects: whole, deferred, or streamed. New routes: a line in
//          the table, and a handler in a file of its noun (node/admin_<noun>.*).
// Errors   {"error": "one sentence that says what to do"} with 400, 401, 403, 404, 405 or 503.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crdt/instant.h"
#include "crdt/repository.h"
#include "gossip/peer.h"
#include "node/admin_token.h"
#include "node/effects.h"
#include "node/replica.h"
#include "node/replica_status.h"
#include "node/replica_wait.h"
#include "slack/form.h"

namespace node {

struct AdminRequest;

// What a handler may use of the Replica, for as long as it runs.
struct AdminContext {
  const crdt::Now& now;
  const ReplicaConfig& config;
  crdt::Repository& repository;
  gossip::Peer* peer;  // Null while this peer is read-only: it neither changes nor gossips then.
  Effects& effects;
  std::function<Status()> status;
  std::optional<crdt::WallTime> slack_now;  // What Slack's stamps say it is, where any came lately.
  std::string_view unfit;  // Why nothing may be changed through this peer; empty where it may.
  // Stores a change, has it pushed to the peers, and says which row of the log it became.
  std::function<crdt::Result<std::uint64_t>(crdt::Change)> apply;
  // Answers with `body`, and under "wait" who holds row `seq`, once `concern` is met or its time is
  // over.
  std::function<void(const AdminRequest&, std::uint64_t seq, const WriteConcern& concern,
                     nlohmann::json body)>
      answer_when_held;
};

struct AdminRequest {
  const HttpRequest& http;
  std::string rest;  // Of the path, decoded, where the route's path ends with '/'.
  slack::Form query;
  nlohmann::json body;  // An object; null where nothing was sent.
  const AdminToken& token;
};

using AdminHandler = void (*)(AdminContext& context, const AdminRequest& request);

struct AdminRoute {
  std::string_view method;
  std::string_view path;  // One that ends with '/' takes whatever follows, which is not empty.
  AdminRole role = AdminRole::kOperator;
  std::string_view what;  // For whoever asks what there is.
  AdminHandler serve;
};

[[nodiscard]] std::span<const AdminRoute> admin_routes();

// False where it showed no token that is known; it is answered then, too.
[[nodiscard]] bool serve_admin(AdminContext& context, const HttpRequest& http);

// --- For handlers ---

void answer(AdminContext& context, const AdminRequest& request, const nlohmann::json& body,
            int status = 200);
void refuse(AdminContext& context, const AdminRequest& request, int status, std::string_view why);

}  // namespace node

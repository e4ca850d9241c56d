#include "node/admin_config.h"

#include <algorithm>

#include "crdt/edit.h"
#include "crdt/mv_register.h"
#include "crdt/state_hash.h"
#include "slack/ascii.h"

namespace node {
namespace {

using nlohmann::json;

const crdt::MvRegister kValue("value");

bool is_key(std::string_view key) {
  const auto fits = [](char c) {
    return slack::is_letter(c) || slack::is_digit(c) || c == '-' || c == '_' || c == '.' ||
           c == '/';
  };
  return !key.empty() && key.size() <= kConfigKeyBytesMax &&
         std::all_of(key.begin(), key.end(), fits);
}

std::string version_of(const crdt::Document& document) {
  if (document.empty()) return {};
  const crdt::StateHash hash = crdt::state_hash(document);
  return crdt::to_hex(crdt::big_endian(hash.high) + crdt::big_endian(hash.low));
}

json shown(const crdt::Leaf& leaf) {
  return {{"value", json::parse(leaf.value, nullptr, false)}, {"set_by", leaf.stamp.author}};
}

json describe(const std::string& key, const crdt::Document& document) {
  const auto values = kValue.values(document);
  json out = shown(*values.front());
  out["key"] = key;
  out["version"] = version_of(document);
  for (std::size_t i = 1; i < values.size(); ++i) out["conflict"].push_back(shown(*values[i]));
  return out;
}

// The document, or nullptr after a refusal. Valid until the repository's next call.
const crdt::Document* find(AdminContext& context, const AdminRequest& request) {
  if (!is_key(request.rest)) {
    refuse(context, request, 400,
           "a key has up to " + std::to_string(kConfigKeyBytesMax) +
               " letters, digits, dots, dashes, underscores and slashes");
    return nullptr;
  }
  const auto document = context.repository.document("config/" + request.rest);
  if (document) return *document;
  refuse(context, request, 503, document.error().message);
  return nullptr;
}

// What is wrong with what is to be set; empty where nothing is.
std::string fault_of(const json& body) {
  if (!body.is_object() || !body.contains("value")) {
    return "send {\"value\": ...}, and \"if_version\" to change only what you have seen";
  }
  if (body.contains("if_version") && !body["if_version"].is_string()) {
    return "\"if_version\" is a string, as GET shows it; \"\" where the key must be new";
  }
  if (body["value"].dump().size() > crdt::kValueBytesMax) {
    return "a value has at most " + std::to_string(crdt::kValueBytesMax) + " octets as JSON";
  }
  return {};
}

crdt::Change change_of(AdminContext& context, const AdminRequest& request,
                       const crdt::Document& document) {
  const std::string key = "config/" + request.rest;
  const std::string id = to_string(request.http.uuid);
  crdt::Edit edit(
      document, context.repository.run(), {crdt::request_id_of({"admin", id}), request.token.name},
      {context.now.wall.time_since_epoch().count()}, context.repository.previous_context(key));
  kValue.write(edit, request.body["value"].dump());
  crdt::Change change;
  change.deltas.push_back({key, edit.finish()});
  return change;
}

}  // namespace

void serve_config_get(AdminContext& context, const AdminRequest& request) {
  const crdt::Document* document = find(context, request);
  if (document == nullptr) return;
  if (kValue.winner(*document) == nullptr) {
    return refuse(context, request, 404,
                  "there is no key \"" + request.rest + "\"; nobody has set it yet");
  }
  answer(context, request, describe(request.rest, *document));
}

void serve_config_put(AdminContext& context, const AdminRequest& request) {
  if (context.peer == nullptr || !context.repository.catching_up().empty()) {
    return refuse(context, request, 503,
                  "this peer takes no changes at the moment (its status says why); ask another");
  }
  const std::string fault = fault_of(request.body);
  if (!fault.empty()) return refuse(context, request, 400, fault);
  const auto concern = parse_write_concern(request.query, 1 + context.peer->holders(0).size());
  if (!concern) return refuse(context, request, 400, concern.error().message);
  const crdt::Document* document = find(context, request);
  if (document == nullptr) return;
  const std::string version = version_of(*document);
  if (request.body.contains("if_version") && request.body["if_version"] != version) {
    return refuse(context, request, 409,
                  "\"" + request.rest + "\" is at version \"" + version +
                      "\" here, not at the one you gave; nothing was changed. Look again, then "
                      "set it with that version");
  }
  const auto applied = context.apply(change_of(context, request, *document));
  if (!applied) return refuse(context, request, 503, applied.error().message);
  const auto changed = context.repository.document("config/" + request.rest);
  CHECK(changed);
  context.answer_when_held(request, *applied, *concern, describe(request.rest, **changed));
}

}  // namespace node

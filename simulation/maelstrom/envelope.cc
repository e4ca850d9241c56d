#include "simulation/maelstrom/envelope.h"

#include <utility>

namespace simulation::maelstrom {

crdt::Result<Envelope> parse(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  const auto text = [](const Json& in, const char* name) {
    const auto found = in.find(name);
    return found != in.end() && found->is_string();
  };
  if (!json.is_object() || !text(json, "src") || !text(json, "dest")) {
    return crdt::Error("not an object with src and dest");
  }
  if (!json.contains("body") || !json["body"].is_object() || !text(json["body"], "type")) {
    return crdt::Error("no body with a type");
  }
  return Envelope{json["src"], json["dest"], std::move(json["body"])};
}

std::string to_line(const Envelope& envelope) {
  const Json json = {{"src", envelope.src}, {"dest", envelope.dest}, {"body", envelope.body}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string type_of(const Envelope& envelope) { return envelope.body.at("type"); }

Envelope reply(const Envelope& request, Json body) {
  const auto id = request.body.find("msg_id");
  if (id != request.body.end()) body["in_reply_to"] = *id;
  return {request.dest, request.src, std::move(body)};
}

Envelope refusal(const Envelope& request, ErrorCode code, const std::string& text) {
  return reply(request, {{"type", "error"}, {"code", static_cast<int>(code)}, {"text", text}});
}

}  // namespace simulation::maelstrom

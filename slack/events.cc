#include "slack/events.h"

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>

#include "slack/json_reader.h"

namespace slack {
namespace {

using nlohmann::json;

constexpr std::int64_t kSecondsMax = 100'000'000'000;  // Some 3,000 years: no overflow as micros.

// The first authorization says for whom Slack delivers this; Slack sends one at most.
bool enterprise_install(const json& envelope) {
  const json* authorizations = member(envelope, "authorizations");
  return authorizations != nullptr && authorizations->is_array() && !authorizations->empty() &&
         true_at(authorizations->front(), "is_enterprise_install");
}

Request parse_callback(const json& envelope, std::string_view body, crdt::WallTime signed_at) {
  const json* event = member(envelope, "event");
  if (event == nullptr || !event->is_object()) {
    return Rejection{400, "an event_callback without its event"};
  }
  EventCallback callback;
  callback.api_app_id = string_at(envelope, "api_app_id");
  callback.team_id = string_at(envelope, "team_id");
  callback.enterprise_id = string_at(envelope, "enterprise_id");
  callback.is_enterprise_install = enterprise_install(envelope) && !callback.enterprise_id.empty();
  callback.event_id = string_at(envelope, "event_id");
  callback.event_type = string_at(*event, "type");
  callback.event_json = event->dump();
  callback.signed_at = signed_at;
  const auto seconds = number_at(envelope, "event_time");
  const bool sound = seconds && *seconds >= 0 && *seconds <= kSecondsMax;
  callback.event_time = sound ? crdt::WallTime(std::chrono::seconds(*seconds)) : signed_at;
  const std::string& installation =
      callback.is_enterprise_install ? callback.enterprise_id : callback.team_id;
  // Without an id the body is the best name: a retry repeats it.
  const std::string_view occasion =
      callback.event_id.empty() ? body : std::string_view(callback.event_id);
  callback.id = crdt::request_id_of({callback.api_app_id, installation, occasion});
  return callback;
}

}  // namespace

Request parse_event(std::string_view body, crdt::WallTime signed_at) {
  const auto envelope = parse_json(body);
  if (!envelope || !envelope->is_object()) return Rejection{400, "the body is no JSON object"};
  const std::string type = string_at(*envelope, "type");
  if (type == "url_verification") {
    const std::string challenge = string_at(*envelope, "challenge");
    if (challenge.empty()) return Rejection{400, "a url_verification without its challenge"};
    return UrlVerification{challenge};
  }
  if (type == "event_callback") return parse_callback(*envelope, body, signed_at);
  if (type == "app_rate_limited") {
    return AppRateLimited{string_at(*envelope, "team_id"),
                          number_at(*envelope, "minute_rate_limited").value_or(0)};
  }
  return UnknownEvent{type};
}

}  // namespace slack

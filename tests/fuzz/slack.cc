// What Slack sends: forms and JSON, signed, down to the answer.
#include <nlohmann/json.hpp>

#include "crdt/document.h"
#include "slack/handler.h"
#include "slack/json_reader.h"
#include "slack/request.h"
#include "tests/fuzz/target.h"

namespace {

constexpr const char* kStamp = "1790000000";
constexpr crdt::WallTime kNow{std::chrono::seconds(1'790'000'000)};

// A document that the commands before this one have made.
void handle(const slack::SlashCommand& command, crdt::Document& document, std::uint64_t event) {
  slack::HandlerContext context;
  context.self = {7};
  context.previous = document.context();
  context.now = kNow;
  context.event = event;
  const slack::HandlerResult result = slack::handle(command, document, std::move(context));
  CHECK(slack::parse_json(result.reply));
  if (!result.delta) return;
  CHECK(document.apply(*result.delta) == crdt::Applied::kApplied);
}

}  // namespace

FUZZ_TARGET(slack) {
  slack::Verifier verifier("secret");
  crdt::Document document;
  for (std::uint64_t event = 1; !bytes.empty(); ++event) {
    const std::uint8_t kind = fuzz::take_octet(bytes);
    crdt::Bytes body;
    // Most octets go where most meaning is: into the text of a command.
    if (kind % 4 == 0) {
      body = "team_id=T1&channel_id=C1&user_id=U1&user_name=ann&command=%2Fir&api_app_id=A1&text=";
      body += crdt::Bytes(fuzz::take_piece(bytes)) + "&trigger_id=" + std::to_string(event);
    } else {
      body = fuzz::take_piece(bytes);
    }
    const std::string signature = verifier.sign(kStamp, body);
    const slack::HttpRequest request{
        "POST",
        kind % 2 == 0 ? slack::kCommandsPath : slack::kEventsPath,
        kind % 4 == 3 ? "application/json" : "application/x-www-form-urlencoded",
        {kStamp, 1},
        {signature, 1},
        body};
    const slack::Request parsed = slack::parse_request(request, verifier, kNow);
    if (const auto* command = std::get_if<slack::SlashCommand>(&parsed)) {
      handle(*command, document, event);
    }
  }
}

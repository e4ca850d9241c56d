// Slack's text format, and the grammar behind the command.
#include "slack/mrkdwn.h"
#include "slack/incident/grammar.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(mrkdwn) {
  const std::size_t room = 1 + fuzz::take_octet(bytes);
  CHECK(slack::unescape(slack::escape(bytes)) == bytes);
  const std::string plain = slack::plain_text(bytes);
  CHECK(slack::escape(plain).find_first_of("<>") == std::string::npos);
  std::string cut;
  slack::append_escaped_cut(cut, bytes, room);
  CHECK(cut.find_first_of("<>") == std::string::npos);

  using namespace slack::incident;
  const Command command = parse(bytes, StatusSet::standard());
  // Slack writes '<' around what it knows and nowhere else. Behind what it never writes, such as
  // "!x<>", hide words that would mean something if they were typed.
  const bool foreign = bytes.find('<') != crdt::BytesView::npos;
  if (foreign || std::holds_alternative<Ask>(command)) return;
  CHECK(parse(to_text(command), StatusSet::standard()) == command);
}

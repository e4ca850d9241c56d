#include "simulation/maelstrom/streams.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"

namespace simulation::maelstrom {

using crdt::Bytes;
using crdt::Instant;
using gossip::LinkId;

Streams::Stream& Streams::open(const Name& name) {
  Stream& stream = streams_[name];
  stream.link = LinkId{next_link_++};
  names_.emplace(stream.link, name);
  return stream;
}

LinkId Streams::dial(Instant now, const std::string& peer) {
  Stream& stream = open({peer, next_number_++, true});
  stream.give_up_at = now + kAnswerMax;
  return stream.link;
}

void Streams::say(const Name& name, const char* type, Json body) {
  const auto& [peer, number, dialled] = name;
  body["type"] = type;
  body["number"] = number;
  body["dialled"] = dialled;
  messages_.push_back({self_, peer, std::move(body)});
}

void Streams::send(LinkId link, crdt::BytesView bytes) {
  const auto name = names_.find(link);
  if (name == names_.end()) return;  // Reset meanwhile; whoever sends learns of it next.
  Stream& stream = streams_.at(name->second);
  say(name->second, kStreamType, {{"place", stream.sent++}, {"bytes", crdt::to_hex(bytes)}});
}

void Streams::close(LinkId link) {
  const auto name = names_.find(link);
  if (name != names_.end()) (void)drop(Name(name->second), "closed here", true);
}

StreamEvent Streams::drop(const Name& name, const std::string& reason, bool tell) {
  const auto found = streams_.find(name);
  CHECK(found != streams_.end());
  const LinkId link = found->second.link;
  if (tell) say(name, kResetType, Json::object());
  names_.erase(link);
  streams_.erase(found);
  return {StreamEvent::Kind::kClosed, link, {}, reason};
}

std::vector<StreamEvent> Streams::receive(Instant now, const Envelope& envelope) {
  const Json& body = envelope.body;
  const auto number = body.find("number");
  const auto dialled = body.find("dialled");
  if (number == body.end() || !number->is_number_unsigned() || dialled == body.end() ||
      !dialled->is_boolean()) {
    return {};
  }
  const bool theirs = dialled->get<bool>();
  const Name name{envelope.src, number->get<std::uint64_t>(), !theirs};
  const bool known = streams_.contains(name);
  if (type_of(envelope) == kResetType) {
    if (!known) return {};
    return {drop(name, "a message between them was lost", false)};
  }
  const auto place = body.find("place");
  const auto bytes = body.find("bytes");
  if (place == body.end() || !place->is_number_unsigned() || bytes == body.end() ||
      !bytes->is_string()) {
    return {};
  }
  std::vector<StreamEvent> events;
  if (!known) {
    // Place 1 cannot overtake place 0 here: the handshake waits for an answer between them.
    if (!theirs || *place != 0) {
      say(name, kResetType, Json::object());
      return {};
    }
    events.push_back({StreamEvent::Kind::kOpened, open(name).link, {}, {}});
  }
  std::vector<StreamEvent> taken =
      take(now, name, place->get<std::uint64_t>(), crdt::from_hex(bytes->get<std::string>()));
  std::move(taken.begin(), taken.end(), std::back_inserter(events));
  return events;
}

std::vector<StreamEvent> Streams::take(Instant now, const Name& name, std::uint64_t place,
                                       Bytes bytes) {
  Stream& stream = streams_.at(name);
  if (place < stream.received) return {};
  const bool waited = !stream.early.empty();
  stream.early.emplace(place, std::move(bytes));
  StreamEvent event{StreamEvent::Kind::kBytes, stream.link, {}, {}};
  while (!stream.early.empty() && stream.early.begin()->first == stream.received) {
    event.bytes += stream.early.begin()->second;
    stream.early.erase(stream.early.begin());
    ++stream.received;
  }
  if (stream.early.size() > kEarlyMax) return {drop(name, "too much came before a gap", true)};
  if (event.bytes.empty()) {
    if (!waited) stream.give_up_at = now + kGapMax;
    return {};
  }
  stream.give_up_at.reset();
  if (!stream.early.empty()) stream.give_up_at = now + kGapMax;
  return {std::move(event)};
}

std::vector<StreamEvent> Streams::wake(Instant now) {
  std::vector<Name> over;
  for (const auto& [name, stream] : streams_) {
    if (stream.give_up_at && *stream.give_up_at <= now) over.push_back(name);
  }
  std::vector<StreamEvent> events;
  for (const Name& name : over) {
    const bool answered = streams_.at(name).received > 0;
    events.push_back(drop(name, answered ? "a message was lost" : "no answer", true));
  }
  return events;
}

std::optional<Instant> Streams::wake_at() const {
  std::optional<Instant> earliest;
  for (const auto& [name, stream] : streams_) {
    if (stream.give_up_at && (!earliest || *stream.give_up_at < *earliest)) {
      earliest = stream.give_up_at;
    }
  }
  return earliest;
}

}  // namespace simulation::maelstrom

#include "simulation/maelstrom/service.h"

#include "crdt/add_wins_set.h"
#include "crdt/check.h"
#include "crdt/counter.h"

namespace simulation::maelstrom {
namespace {

const std::string kBroadcastKey = "maelstrom/broadcast";
const std::string kSetKey = "maelstrom/g-set";
const std::string kCounterKey = "maelstrom/counter";

const crdt::AddWinsSet kElements("e");
const crdt::Counter kSum("c");

Json elements_of(const crdt::Document& document) {
  Json all = Json::array();
  for (const crdt::Bytes& element : kElements.elements(document)) {
    all.push_back(Json::parse(element));
  }
  return all;
}

}  // namespace

Service::Service(crdt::Repository& repository, crdt::ReplicaId self, const std::string& workload)
    : repository_(repository), self_(self) {
  if (workload == "broadcast") read_key_ = kBroadcastKey;
  if (workload == "g-set") read_key_ = kSetKey;
  if (workload == "g-counter" || workload == "pn-counter") read_key_ = kCounterKey;
}

const crdt::Document& Service::document(const std::string& key) {
  const auto found = repository_.document(key);
  CHECK(found);  // The store is in memory: nothing in it is damaged.
  return **found;
}

template <class Operate>
void Service::change(const std::string& key, Operate operate) {
  const crdt::RequestId request{self_.value, ++requests_};
  crdt::Edit edit(document(key), self_, {request, {}}, crdt::kLowestRank,
                  repository_.previous_context(key));
  operate(edit);
  crdt::Change change{{{key, edit.finish()}}, {}};
  const auto outcome = repository_.apply(change);
  CHECK(outcome && outcome->applied == crdt::Applied::kApplied);
  made_.emplace_back(outcome->seq, std::move(change));
}

Envelope Service::answer(const Envelope& request) {
  const std::string type = type_of(request);
  if (type == "echo") {
    return reply(request, {{"type", "echo_ok"}, {"echo", request.body.value("echo", Json())}});
  }
  if (type == "generate") {
    const std::string run = crdt::to_hex(crdt::big_endian(self_.value));
    return reply(request,
                 {{"type", "generate_ok"}, {"id", run + "-" + std::to_string(++requests_)}});
  }
  if (type == "topology") {
    read_key_ = kBroadcastKey;
    return reply(request, {{"type", "topology_ok"}});
  }
  if (type == "broadcast") return add_element(request, kBroadcastKey, "message");
  if (type == "add" && request.body.contains("element")) {
    return add_element(request, kSetKey, "element");
  }
  if (type == "add") return add_amount(request);
  if (type == "read" && !request.body.contains("key")) return read(request);
  return refusal(request, ErrorCode::kNotSupported, "this node does not do " + type);
}

Envelope Service::add_element(const Envelope& request, const std::string& key, const char* field) {
  const auto element = request.body.find(field);
  if (element == request.body.end()) {
    return refusal(request, ErrorCode::kMalformedRequest, std::string("there is no ") + field);
  }
  const std::string text = element->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kElementBytesMax) {
    return refusal(request, ErrorCode::kNotSupported, "the element is too long");
  }
  change(key, [&](crdt::Edit& edit) { kElements.add(edit, text); });
  return reply(request, {{"type", type_of(request) + "_ok"}});
}

Envelope Service::add_amount(const Envelope& request) {
  const auto delta = request.body.find("delta");
  if (delta == request.body.end() || !delta->is_number_integer()) {
    return refusal(request, ErrorCode::kMalformedRequest, "delta is not an integer");
  }
  change(kCounterKey, [&](crdt::Edit& edit) { kSum.add(edit, delta->get<std::int64_t>()); });
  return reply(request, {{"type", "add_ok"}});
}

Envelope Service::read(const Envelope& request) {
  for (const std::string& key : {kBroadcastKey, kSetKey, kCounterKey}) {
    if (read_key_.empty() && !document(key).empty()) read_key_ = key;
  }
  if (read_key_.empty()) {
    return refusal(request, ErrorCode::kTemporarilyUnavailable,
                   "nothing was added yet that says what this reads");
  }
  const crdt::Document& held = document(read_key_);
  if (read_key_ == kCounterKey) {
    return reply(request, {{"type", "read_ok"}, {"value", kSum.total(held)}});
  }
  const char* field = read_key_ == kBroadcastKey ? "messages" : "value";
  return reply(request, {{"type", "read_ok"}, {field, elements_of(held)}});
}

}  // namespace simulation::maelstrom

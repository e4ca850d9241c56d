// Effects: what a Replica wants done. Nothing here is performed before the transaction that made it
// is durable: neither an HTTP reply nor a gossiped dot leaves a node earlier.
//
// Shape    a plain value with ==, performed in the order of the fields below, each to its end.
// Size     bounded by the events of one batch (node/driver.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/instant.h"
#include "gossip/link_id.h"
#include "node/event.h"

namespace node {

inline constexpr std::string_view kJson = "application/json";

// The answer to an exchange. Where `streamed`, the body is the first part and StreamParts follow.
struct HttpReply {
  ExchangeId exchange;
  int status = 200;
  std::string_view content_type = kJson;  // Static.
  crdt::Bytes body;
  bool streamed = false;

  bool operator==(const HttpReply&) const = default;
};

struct StreamPart {
  ExchangeId exchange;
  crdt::Bytes bytes;
  bool last = false;  // Closes the exchange after these bytes.

  bool operator==(const StreamPart&) const = default;
};

struct LinkSend {
  gossip::LinkId link;
  crdt::Bytes bytes;

  bool operator==(const LinkSend&) const = default;
};

struct LinkClose {
  gossip::LinkId link;

  bool operator==(const LinkClose&) const = default;
};

// Answered by LinkOpened with this address, or by DialFailed.
struct Dial {
  std::string address;  // "host:port"

  bool operator==(const Dial&) const = default;
};

enum class Level { kDebug, kInfo, kWarning, kError };

// A fact for the log.
struct Notice {
  Level level = Level::kInfo;
  Uuid request;  // The request it belongs to; zero for none.
  std::string text;

  bool operator==(const Notice&) const = default;
};

struct Effects {
  std::vector<HttpReply> replies;
  std::vector<StreamPart> parts;
  std::vector<LinkSend> sends;
  std::vector<LinkClose> closes;  // After the sends: a last word still goes out.
  std::vector<Dial> dials;
  std::vector<Notice> notices;
  bool new_run = false;  // Once these are performed, another Replica is to take over this store.
  std::optional<crdt::Instant> wake_at;  // The earliest Wake wanted; the newest value counts.

  // Moves all of `other` behind what is here; its wake_at replaces this one.
  void append(Effects&& other);

  bool operator==(const Effects&) const = default;
};

}  // namespace node

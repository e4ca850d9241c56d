// Event: everything that can happen to a Replica. Effects (node/effects.h) are its answers.
//
// Shape    values with ==, bytes as they came: the Replica parses, verifies and decrypts, so the
//          simulator exercises the very same code.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "crdt/bytes.h"
#include "gossip/link_id.h"

namespace node {

// One HTTP exchange of this process; never reused while the process lives.
struct ExchangeId {
  std::uint64_t value = 0;

  auto operator<=>(const ExchangeId&) const = default;
};

// Follows one request through every log line.
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Uuid&) const = default;
};

// 8-4-4-4-12 lower-case hexadecimal digits.
[[nodiscard]] std::string to_string(const Uuid& uuid);

// Which door a request came through: Slack's, or the operators' (loopback unless configured).
enum class Listener { kPublic, kAdmin };

struct HttpRequest {
  ExchangeId exchange;
  Uuid uuid;
  Listener listener = Listener::kPublic;
  std::string method;                   // "GET"
  std::string target;                   // "/slack/commands", with any query
  std::string content_type;             // as sent, parameters included; empty if absent
  std::vector<std::string> signatures;  // every X-Slack-Signature header, in order
  std::vector<std::string> timestamps;  // every X-Slack-Request-Timestamp header, in order
  std::string authorization;            // the header as sent; empty if absent
  crdt::Bytes body;                     // raw, at most the server's body limit

  bool operator==(const HttpRequest&) const = default;
};

// The client of an unanswered or streamed exchange has gone.
struct HttpGone {
  ExchangeId exchange;

  bool operator==(const HttpGone&) const = default;
};

// A TCP connection to or from a peer stands. `address` is the dialled one, empty when accepted;
// `from` is where an accepted one comes from.
struct LinkOpened {
  gossip::LinkId link;
  std::string address;
  std::string from{};

  bool operator==(const LinkOpened&) const = default;
};

struct LinkBytes {
  gossip::LinkId link;
  crdt::Bytes bytes;

  bool operator==(const LinkBytes&) const = default;
};

struct LinkClosed {
  gossip::LinkId link;
  std::string reason;

  bool operator==(const LinkClosed&) const = default;
};

struct DialFailed {
  std::string address;
  std::string reason;

  bool operator==(const DialFailed&) const = default;
};

// What the shell measured of its machine. It says so before every request of an operator.
struct SystemFacts {
  std::uint64_t store_bytes = 0;         // In the store's own pages.
  std::uint64_t disk_free_bytes = 0;     // Beneath it;
  std::uint64_t disk_bytes = 0;          // in all;
  std::uint64_t disk_reserve_bytes = 0;  // and with less than this, changes are refused.
  std::uint64_t journal_pages = 0;       // Of changes that wait to be brought to their places.
  std::uint64_t commits = 0;             // Of changes, since this process began.
  std::uint64_t descriptors = 0;         // Open; the kernel allows descriptors_max.
  std::uint64_t descriptors_max = 0;
  std::uint64_t memory_bytes = 0;     // Resident and not a mapped file.
  std::uint64_t link_bytes_sent = 0;  // On links with peers, sealed, since the process began;
  std::uint64_t link_bytes_received = 0;

  bool operator==(const SystemFacts&) const = default;
};

// A deadline may have passed. Harmless when none has.
struct Wake {
  bool operator==(const Wake&) const = default;
};

// The process will soon stop: from now on /readyz says so, so that load balancers send no more, and
// everything else is served as before.
struct Draining {
  bool operator==(const Draining&) const = default;
};

// The last event of every transaction: what the batch gathered for a link leaves as one frame.
struct BatchEnd {
  bool operator==(const BatchEnd&) const = default;
};

using Event = std::variant<HttpRequest, HttpGone, LinkOpened, LinkBytes, LinkClosed, DialFailed,
                           Wake, SystemFacts, Draining, BatchEnd>;

}  // namespace node

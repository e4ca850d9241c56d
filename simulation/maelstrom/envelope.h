// Envelope: one line of Maelstrom's protocol.
//
// Shape    {"src": who, "dest": whom, "body": {"type": ..., ...}}, one JSON object a line.
// Errors   a line that is none is an Error; it has no sender who could be told.
// Source   Maelstrom, doc/protocol.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "crdt/result.h"

namespace simulation::maelstrom {

using Json = nlohmann::json;

struct Envelope {
  std::string src;
  std::string dest;
  Json body;  // An object with a text "type".

  bool operator==(const Envelope&) const = default;
};

// Maelstrom's. All but kTimeout and kCrash promise that nothing was changed.
enum class ErrorCode {
  kTimeout = 0,
  kNotSupported = 10,
  kTemporarilyUnavailable = 11,
  kMalformedRequest = 12,
  kCrash = 13,
};

[[nodiscard]] crdt::Result<Envelope> parse(std::string_view line);

// Without the newline.
[[nodiscard]] std::string to_line(const Envelope& envelope);

[[nodiscard]] std::string type_of(const Envelope& envelope);

// `body` as the answer to `request`, if that has a msg_id to refer to.
[[nodiscard]] Envelope reply(const Envelope& request, Json body);
[[nodiscard]] Envelope refusal(const Envelope& request, ErrorCode code, const std::string& text);

}  // namespace simulation::maelstrom

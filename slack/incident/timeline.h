// Timeline: what one command leaves behind for good, in two records.
//
// Shape    Entry   what was asked: every byte comes from the request alone, so every peer that
//                  handles the request makes the same record, and folds may count it.
//          Detail  what one replica did about it: paths, old and new values, dots. Peers that
//                  handle a request in different states make different details, so no fold counts
//                  them.
//          The first octet says which form of which record follows, so a later form, or another
//          feature's record, takes a number of its own; then numbers and runs (crdt/byte_io.h), in
//          the order of the fields below. What follows the last one is left to later forms.
// Errors   decoding says which record is not one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/delta.h"
#include "crdt/document.h"
#include "crdt/instant.h"
#include "crdt/request_id.h"
#include "crdt/result.h"

namespace slack::incident {

// Views into the request, or into the bytes it was decoded from.
struct Entry {
  crdt::RequestId request;
  crdt::WallTime asked_at;
  std::string_view verb;  // "add", "update", "done", ...
  std::string_view text;  // As typed: not always UTF-8 (slack/utf8.h).
  std::string_view author;
  std::string_view team;      // The author's, which in a shared channel may not be the channel's.
  std::string_view document;  // Key of the channel's document.

  bool operator==(const Entry&) const = default;
};

[[nodiscard]] std::string encode(const Entry& entry);
[[nodiscard]] crdt::Result<Entry> decode_entry(std::string_view bytes);

struct OldValue {
  std::string value;
  std::string author;
  crdt::Dot dot;

  bool operator==(const OldValue&) const = default;
};

struct FieldChange {
  std::string path;
  std::vector<OldValue> old_values;
  std::string value;
  crdt::Dot dot;

  bool operator==(const FieldChange&) const = default;
};

struct Detail {
  crdt::RequestId request;
  crdt::ReplicaId replica;
  std::vector<FieldChange> changes;

  bool operator==(const Detail&) const = default;
};

[[nodiscard]] std::string encode(const Detail& detail);

// The encoded Detail of what `delta` writes to the tasks of `document`, the state before it.
// Bookkeeping is left out.
[[nodiscard]] std::string encode_detail(const crdt::Document& document, const crdt::Delta& delta,
                                        const crdt::RequestId& request, crdt::ReplicaId replica);
[[nodiscard]] crdt::Result<Detail> decode_detail(std::string_view bytes);

}  // namespace slack::incident

#include "slack/incident/timeline.h"

#include <algorithm>

#include "crdt/byte_io.h"

namespace slack::incident {
namespace {

using crdt::ByteReader;
using crdt::ByteWriter;

enum Form : std::uint8_t { kEntry = 1, kDetail = 2 };

void write_text(ByteWriter& out, std::string_view text) { out.varint(text.size()).octets(text); }

std::string_view read_text(ByteReader& in) { return in.octets(in.varint()); }

void write_request(ByteWriter& out, const crdt::RequestId& request) {
  out.number(request.high).number(request.low);
}

crdt::RequestId read_request(ByteReader& in) {
  crdt::RequestId request;
  request.high = in.number();
  request.low = in.number();
  return request;
}

void write_dot(ByteWriter& out, const crdt::Dot& dot) {
  out.number(dot.replica.value).varint(dot.counter);
}

crdt::Dot read_dot(ByteReader& in) {
  crdt::Dot dot;
  dot.replica.value = in.number();
  dot.counter = in.varint();
  return dot;
}

bool is_recorded(const crdt::Leaf& leaf) { return leaf.path.starts_with("t/"); }

std::string_view author_of(const crdt::Leaf& leaf) { return leaf.stamp.author; }
std::string_view author_of(const OldValue& old_value) { return old_value.author; }

void write_head(ByteWriter& out, const crdt::RequestId& request, crdt::ReplicaId replica,
                std::uint64_t changes) {
  out.varint(kDetail);
  write_request(out, request);
  out.number(replica.value).varint(changes);
}

// `change` is a FieldChange or the leaf that makes it; `old_values` are OldValues or leaves.
template <class Change, class OldValues>
void write_change(ByteWriter& out, const Change& change, const OldValues& old_values) {
  write_text(out, change.path);
  out.varint(old_values.size());
  for (const auto& old_value : old_values) {
    write_text(out, old_value.value);
    write_text(out, author_of(old_value));
    write_dot(out, old_value.dot);
  }
  write_text(out, change.value);
  write_dot(out, change.dot);
}

FieldChange read_change(ByteReader& in) {
  FieldChange change;
  change.path = read_text(in);
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    OldValue& old_value = change.old_values.emplace_back();
    old_value.value = read_text(in);
    old_value.author = read_text(in);
    old_value.dot = read_dot(in);
  }
  change.value = read_text(in);
  change.dot = read_dot(in);
  return change;
}

}  // namespace

std::string encode(const Entry& entry) {
  ByteWriter out;
  out.varint(kEntry);
  write_request(out, entry.request);
  out.number(static_cast<std::uint64_t>(entry.asked_at.time_since_epoch().count()));
  for (const std::string_view text :
       {entry.verb, entry.text, entry.author, entry.team, entry.document}) {
    write_text(out, text);
  }
  return out.take();
}

crdt::Result<Entry> decode_entry(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.octet() != kEntry) return crdt::Error("not a timeline entry");
  Entry entry;
  entry.request = read_request(in);
  const auto micros = static_cast<std::int64_t>(in.number());
  entry.asked_at = crdt::WallTime(crdt::WallClock::duration(micros));
  for (std::string_view* text :
       {&entry.verb, &entry.text, &entry.author, &entry.team, &entry.document}) {
    *text = read_text(in);
  }
  if (in.bad()) return crdt::Error("a timeline entry that ends too early");
  return entry;
}

std::string encode_detail(const crdt::Document& document, const crdt::Delta& delta,
                          const crdt::RequestId& request, crdt::ReplicaId replica) {
  ByteWriter out;
  const auto count = std::count_if(delta.written.begin(), delta.written.end(), is_recorded);
  write_head(out, request, replica, static_cast<std::uint64_t>(count));
  for (const crdt::Leaf& leaf : delta.written) {
    if (is_recorded(leaf)) write_change(out, leaf, document.at(leaf.path));
  }
  return out.take();
}

std::string encode(const Detail& detail) {
  ByteWriter out;
  write_head(out, detail.request, detail.replica, detail.changes.size());
  for (const FieldChange& change : detail.changes) write_change(out, change, change.old_values);
  return out.take();
}

crdt::Result<Detail> decode_detail(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.octet() != kDetail) return crdt::Error("not a timeline detail");
  Detail detail;
  detail.request = read_request(in);
  detail.replica.value = in.number();
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    detail.changes.push_back(read_change(in));
  }
  if (in.bad()) return crdt::Error("a timeline detail that ends too early");
  return detail;
}

}  // namespace slack::incident

// What peers send and disks hold of documents, and applying it, twice.
//
// What decodes obeys the codec's laws, comes back as it was, and is safe to apply.
#include "crdt/codec.h"
#include "crdt/compact_delta.h"
#include "crdt/document.h"
#include "tests/fuzz/target.h"

namespace {

using crdt::BytesView;
using crdt::Delta;
using crdt::Document;

// Whatever a peer may send, on top of a document of our own.
Document some_document() {
  Delta delta;
  delta.advance = {{{7}, 2}};
  delta.written = {{"title", {{7}, 1}, {1}, {{1, 2}, "U1"}, "a title"},
                   {"t/0123456789abcdef/status", {{7}, 2}, {2}, {{3, 4}, "U2"}, "done"}};
  Document document;
  CHECK(document.apply(delta) == crdt::Applied::kApplied);
  return document;
}

void apply(const Delta& delta) {
  CHECK(crdt::fault_of(delta) == nullptr);
  for (Document document : {Document(), some_document()}) {
    const auto outcome = document.apply(delta);
    const auto context = document.context();
    if (outcome == crdt::Applied::kApplied) {
      CHECK(document.apply(delta) == crdt::Applied::kDuplicate);
    }
    CHECK(document.context() == context);
  }
}

void merge(const crdt::Fragment& fragment) {
  for (Document document : {Document(), some_document()}) {
    if (!document.merge(fragment)) continue;
    const auto context = document.context();
    static_cast<void>(document.merge(fragment));
    CHECK(document.context() == context);
  }
}

void read_compact(BytesView bytes) {
  crdt::HeardNames names;
  static_cast<void>(names.define(fuzz::take_piece(bytes)));
  crdt::ByteReader in(bytes);
  const auto delta = crdt::read_compact(in, names);
  if (!delta) return;
  apply(*delta);
  crdt::SentNames sent;
  crdt::ToldNames told;
  crdt::HeardNames heard;
  crdt::ByteWriter out;
  crdt::write_compact(out, *delta, sent);
  CHECK(heard.define(told.tell(sent)));
  const crdt::Bytes written = out.take();
  crdt::ByteReader again(written);
  const auto same = crdt::read_compact(again, heard);
  CHECK(same && *same == *delta && again.at_end());
}

}  // namespace

FUZZ_TARGET(deltas) {
  const auto comes_back = [](const auto& decoded, auto decode) {
    const auto again = decode(crdt::encode(*decoded));
    CHECK(again && *again == *decoded);
  };
  switch (fuzz::take_octet(bytes) % 6) {
    case 0:
      if (const auto delta = crdt::decode_delta(bytes)) {
        comes_back(delta, crdt::decode_delta);
        apply(*delta);
      }
      return;
    case 1:
      if (const auto fragment = crdt::decode_fragment(bytes)) {
        comes_back(fragment, crdt::decode_fragment);
        merge(*fragment);
      }
      return;
    case 2:
      if (const auto vector = crdt::decode_version_vector(bytes)) {
        comes_back(vector, crdt::decode_version_vector);
      }
      return;
    case 3:
      if (const auto record = crdt::decode_record(bytes)) comes_back(record, crdt::decode_record);
      return;
    case 4:
      if (const auto group = crdt::decode_leaves(bytes)) {
        const auto again = crdt::decode_leaves(crdt::encode_leaves(*group));
        CHECK(again && *again == *group);
      }
      return;
    default:
      return read_compact(bytes);
  }
}

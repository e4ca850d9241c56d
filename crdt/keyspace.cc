#include "crdt/keyspace.h"

#include "crdt/check.h"

namespace crdt::keyspace {
namespace {

constexpr std::size_t kDotBytes = 16;
constexpr std::string_view kMarkPrefix = "h//";  // No group has two slashes.

Bytes join(char kind, BytesView body) {
  Bytes key;
  key.reserve(1 + body.size());
  key.push_back(kind);
  key += body;
  return key;
}

Bytes document_prefix(std::string_view key, char separator, std::string_view group) {
  Bytes row;
  row.reserve(2 + key.size() + group.size() + kDotBytes);
  row.push_back('d');
  row += key;
  row.push_back(separator);
  row += group;
  return row;
}

}  // namespace

bool valid_document_key(std::string_view key) {
  return !key.empty() && key.size() <= kDocumentKeyBytesMax && key.find('\0') == key.npos;
}

Bytes document_begin(std::string_view key) { return document_prefix(key, '\0', {}); }

Bytes document_header(std::string_view key) { return document_prefix(key, '\0', "h0//"); }

Bytes document_group(std::string_view key, std::string_view group) {
  CHECK(!group.empty());
  return document_prefix(key, '\0', group);
}

Bytes documents() { return "d"; }
Bytes document_mark(std::string_view key, const Dot& dot) {
  Bytes row = document_prefix(key, '\0', kMarkPrefix);
  return row.append(big_endian(dot.replica.value)).append(big_endian(dot.counter));
}

bool is_mark(BytesView row) {
  const std::size_t end = row.find('\0');
  return end != BytesView::npos && row.substr(end + 1).starts_with(kMarkPrefix);
}

Bytes documents_end() { return "e"; }
Bytes document_end(std::string_view key) { return document_prefix(key, '\1', {}); }
Bytes record(BytesView record_key) { return join('r', record_key); }
Bytes records() { return "r"; }
Bytes records_end() { return "s"; }
Bytes log(std::uint64_t seq) { return join('l', big_endian(seq)); }
Bytes log_begin() { return "l"; }
Bytes log_end() { return "m"; }
Bytes cursor(BytesView peer) { return join('c', peer); }
Bytes cursors_end() { return "d"; }
Bytes run(std::uint64_t ordinal, std::uint64_t first_seq, std::uint64_t run) {
  return join('u', big_endian(ordinal) + big_endian(first_seq) + big_endian(run));
}
Bytes runs() { return "u"; }
Bytes runs_end() { return "v"; }
Bytes catching_up() { return "k"; }
Bytes put_back() { return "w"; }
Bytes basis() { return "j"; }
Bytes uncounted() { return "q"; }
Bytes damage(std::string_view document) { return join('x', document); }
Bytes damages() { return "x"; }
Bytes damages_end() { return "y"; }

std::string_view document_of(BytesView row) {
  const BytesView tail = tail_of(row);
  return tail.substr(0, tail.find('\0'));
}

std::string_view group_of_row(BytesView row) {
  const std::size_t end = row.find('\0');
  return end == BytesView::npos ? BytesView{} : row.substr(end + 1);
}

bool travels(BytesView key) {
  static constexpr BytesView kKinds = "dlru";
  return !key.empty() && kKinds.find(key.front()) != BytesView::npos;
}

}  // namespace crdt::keyspace

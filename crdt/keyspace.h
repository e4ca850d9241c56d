// Keyspace: which ordered keys of a store hold what. One letter names the kind of row.
//
//   d <document key> 00 h// <dot: 8 each>  one packed mark (crdt/handled_mark.h)
//   d <document key> 00 h0//               header: log seq, context; no group has two slashes
//   d <document key> 00 <group>            the leaves of one group
//   r <record key>                         one record
//   l <seq, 8 bytes big-endian>            one row of the replication log
//   c <peer public key>                    how far this store covers that peer's log
//   u <ordinal, first seq, run: 8 each>    a run, and where in the log it began
//   k                                      why this store is catching up; absent where it is not
//   w                                      the run whose memory was put back; absent where none was
//   j                                      by what the owner judged what peers sent
//   q                                      that the digest is to be counted; absent where it is
//   x <document key>                       that the document was found damaged (crdt/damage.h)
//
// Shape    the header lies behind the handled marks and before the tasks ("t/..."), so that what
//          one command changes lies on few pages. Marks are named by their dots, so that those
//          which one peer wrote, and sweeps, one after another are neighbours.
// Laws     a document key holds no 00 byte, so no document's rows reach into another's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/dot.h"

namespace crdt::keyspace {

inline constexpr std::size_t kDocumentKeyBytesMax = 200;  // LMDB keys end at 511 with the group.

[[nodiscard]] bool valid_document_key(std::string_view key);

[[nodiscard]] Bytes document_begin(std::string_view key);  // No row of `key` is before it.
[[nodiscard]] Bytes document_header(std::string_view key);
[[nodiscard]] Bytes document_group(std::string_view key, std::string_view group);
[[nodiscard]] Bytes document_mark(std::string_view key, const Dot& dot);
[[nodiscard]] bool is_mark(BytesView row);  // Of a row of a document.
[[nodiscard]] Bytes documents_end();
[[nodiscard]] Bytes document_end(std::string_view key);  // Just past the last row of `key`.
[[nodiscard]] Bytes documents();
[[nodiscard]] Bytes record(BytesView record_key);
[[nodiscard]] Bytes records();
[[nodiscard]] Bytes records_end();
[[nodiscard]] Bytes log(std::uint64_t seq);
[[nodiscard]] Bytes log_begin();
[[nodiscard]] Bytes log_end();
[[nodiscard]] Bytes cursor(BytesView peer);
[[nodiscard]] Bytes cursors_end();
[[nodiscard]] Bytes run(std::uint64_t ordinal, std::uint64_t first_seq, std::uint64_t run);
[[nodiscard]] Bytes runs();
[[nodiscard]] Bytes runs_end();
[[nodiscard]] Bytes catching_up();
[[nodiscard]] Bytes put_back();
[[nodiscard]] Bytes basis();
[[nodiscard]] Bytes uncounted();
[[nodiscard]] Bytes damage(std::string_view document);
[[nodiscard]] Bytes damages();
[[nodiscard]] Bytes damages_end();

// Whether a row goes into a backup: what this store covers of others, and how it stands, do not.
[[nodiscard]] bool travels(BytesView key);

// The part behind the kind letter.
[[nodiscard]] inline BytesView tail_of(BytesView key) { return key.substr(1); }

// Of a row of a document: the key of the document, and the group.
[[nodiscard]] std::string_view document_of(BytesView row);
[[nodiscard]] std::string_view group_of_row(BytesView row);

}  // namespace crdt::keyspace

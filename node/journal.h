// Journal: the redo log of a WriteBehind store, in pages beside the store.
//
// Shape    page `seq` lies at slot seq % pages(): a ring. A batch, one transaction's changes,
//          fills whole pages, the last one padded, so that no page is written twice. A page is
//            identity, seq, chain (8 octets each)    whose it is; what it follows
//            flags (1), size (2)                     whether a batch begins and ends here
//            octets of the batch, zeros, checksum (8)
//          where the chain is the checksum of the page before it. A change is an octet that says
//          whether it puts or erases, what its key shares with the one before it in the batch, the
//          rest of the key, and the value: lengths as varints.
//          Where replaying begins, a Place, is kept in the store itself: it moves in the very
//          commit that made the pages before it superfluous.
// Laws     what is replayed is what was appended and not trimmed, oldest first, whole batches
//          only. Replaying a change that reached its place long ago is harmless: the newest value
//          of each key that is replayed at all comes last.
// Errors   a batch at the end that is not whole was cut short by a crash before it was
//          acknowledged: it is dropped, and the chain keeps its remains from ever continuing
//          another one. A page that makes no sense before a batch that does is damage. So a disk
//          that spoils the very last batch goes unseen here; peers miss it (crdt/keyspace.h, "k").
// Source   the chain is that of SQLite's write-ahead log (sqlite.org/fileformat2.html, 4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "node/journal_storage.h"

namespace node {

class Journal {
 public:
  struct Place {
    std::uint64_t identity = 0;  // Of the storage's run.
    std::uint64_t seq = 0;       // Of the next page.
    std::uint64_t chain = 0;     // Of that page.

    bool operator==(const Place&) const = default;
  };

  // What a batch consists of: a key, and its new value or that it is gone.
  using Visit = std::function<void(crdt::BytesView key, std::optional<crdt::BytesView> value)>;

  class Batch {
   public:
    void add(crdt::BytesView key, const std::optional<crdt::BytesView>& value);
    [[nodiscard]] std::uint64_t pages() const;
    void clear();  // Keeps its room.

   private:
    friend class Journal;

    crdt::Bytes bytes_;
    crdt::Bytes key_;  // The last one.
  };

  explicit Journal(JournalStorage& storage) : storage_(storage) {}

  // Forgets what it knows, reads from `begin` on and calls `visit` for each change of each batch.
  // After an Error, `visit` has seen a part of them.
  [[nodiscard]] crdt::Result<void> replay(const Place& begin, const Visit& visit);

  // As if nothing was ever read or begun: whose journal it was is none of this store's any more.
  void forget();

  // Durable when it returns. After an error nobody knows what of it is: begin_anew(). REQUIRES
  // room for it.
  [[nodiscard]] boost::system::result<void, CommitError> append(const Batch& batch);

  // An empty one in a run of its own. The one before it is still there: end_former().
  [[nodiscard]] boost::system::result<void, CommitError> begin_anew();
  void end_former();

  // Pages before `place` may be written over. REQUIRES a place at which a batch ended.
  void trim(const Place& place) { begin_ = place; }

  [[nodiscard]] const Place& begin() const { return begin_; }
  [[nodiscard]] const Place& end() const { return end_; }
  [[nodiscard]] std::uint64_t pages() const { return end_.seq - begin_.seq; }
  [[nodiscard]] std::uint64_t room() const { return storage_.pages() - pages(); }

 private:
  [[nodiscard]] crdt::Bytes lay_out(const Batch& batch);
  [[nodiscard]] crdt::Result<bool> is_damaged() const;

  JournalStorage& storage_;
  Place begin_;
  Place end_;
  std::optional<std::uint64_t> former_;  // The identity of the run before this one.
};

// As it is kept in the store; the inverse finds damage.
[[nodiscard]] crdt::Bytes encode(const Journal::Place& place);
[[nodiscard]] crdt::Result<Journal::Place> decode_place(crdt::BytesView bytes);

}  // namespace node

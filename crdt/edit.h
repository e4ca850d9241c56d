// Edit: collects the writes of one event against one document and turns them into its delta.
//
// The document is const and stays as it is: whoever holds it applies the delta, stores it and
// gossips it, so that local and remote changes share one path.
//
// Shape    each write and each remove mints its own dot, even a remove that finds nothing. The
//          delta lists its leaves and its killed dots in the order of dots.
// Laws     a later write to a path in one Edit replaces the earlier one; finish() of an Edit
//          without operations is a delta with an empty `advance`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/delta.h"
#include "crdt/document.h"

namespace crdt {

class Edit {
 public:
  // `previous`: the document's context after this replica's previous event in it; only entries that
  // moved since then travel. Pass an empty vector to send the whole context (always safe).
  Edit(const Document& document, ReplicaId self, Stamp stamp, Rank time,
       VersionVector previous = {});

  // Replaces every live leaf of `path`. Rank = max(time, 1 + the greatest rank replaced).
  // REQUIRES path and value within kPathBytesMax and kValueBytesMax, as do the next two.
  void write(std::string_view path, Bytes value);

  // As write, with a rank and author of the caller's choice: a create (kLowestRank), or a restore
  // that must keep the old ones.
  void write_ranked(std::string_view path, Bytes value, Rank rank, Stamp stamp);

  // Kills every live leaf of `path`; mints a dot even where there is none.
  void remove(std::string_view path);

  // The same for a packed mark that is alone under its path. REQUIRES it to be the document's, and
  // nothing to be written to its path.
  void remove(const HandledMark& mark);

  // What this Edit has written to `path` so far, or nullptr: for values that build on themselves.
  [[nodiscard]] const Leaf* written(std::string_view path) const;

  [[nodiscard]] bool empty() const { return minted_ == 0; }
  [[nodiscard]] const Document& document() const { return document_; }
  [[nodiscard]] const Stamp& stamp() const { return stamp_; }
  [[nodiscard]] Rank time() const { return time_; }
  [[nodiscard]] ReplicaId self() const { return self_; }

  // `after` carries this replica's own earlier entry whatever `previous` says: a receiver must know
  // where the event's dots begin. The Edit is spent.
  [[nodiscard]] Delta finish();

 private:
  // The dot of the next operation, after killing what is live at `path`.
  Dot mint(std::string_view path);

  const Document& document_;
  ReplicaId self_;
  Stamp stamp_;
  Rank time_;
  VersionVector previous_;
  std::uint64_t minted_ = 0;
  std::map<std::string, Leaf, std::less<>> written_;
  std::vector<Dot> killed_;
};

}  // namespace crdt

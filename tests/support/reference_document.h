// ReferenceDocument: what a document should say, told as simply as possible and without crdt/.
//
// Shape    every operation that was ever made, each with all operations that its author had seen. A
//          peer is the set of those that reached it. A write is live at a peer unless the peer has
//          seen an operation on the same path that had seen the write. No vectors, no dots, no
//          deltas, no merge: a union of sets is all there is.
// Size     kOperationsMax operations, so that a set is one machine word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

using Seen = std::uint64_t;  // Bit n: operation n.

inline constexpr std::size_t kOperationsMax = 64;

struct Operation {
  int author = 0;
  int number = 0;  // Counts the author's operations from 1.
  bool writes = false;
  std::string path;
  std::string value;
  std::int64_t rank = 0;
  std::uint64_t request = 0;
  std::int64_t amount = 0;  // For counters.
  Seen history = 0;         // What the author had seen.
  Seen killers = 0;         // Who has seen it since, on its path.
};

class ReferenceDocument {
 public:
  // Takes `operation` with its history; gives it its number. Returns its bit.
  Seen add(Operation operation);

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

  [[nodiscard]] bool is_live(std::size_t index, Seen seen) const;
  [[nodiscard]] std::vector<const Operation*> live(Seen seen) const;
  [[nodiscard]] std::vector<const Operation*> live_at(std::string_view path, Seen seen) const;

  // How many of `author`'s operations are in `seen`.
  [[nodiscard]] int count_of(int author, Seen seen) const;

 private:
  std::vector<Operation> operations_;
};

// One event: operations of one author that nobody ever sees apart.
class ReferenceEvent {
 public:
  ReferenceEvent(ReferenceDocument& document, int author, Seen seen, std::uint64_t request,
                 std::int64_t time)
      : document_(document), author_(author), before_(seen), request_(request), time_(time) {}

  void write(std::string path, std::string value, std::int64_t amount = 0);
  void write_ranked(std::string path, std::string value, std::int64_t rank);
  void remove(std::string path);

  [[nodiscard]] const ReferenceDocument& document() const { return document_; }
  [[nodiscard]] int author() const { return author_; }
  [[nodiscard]] Seen before() const { return before_; }
  [[nodiscard]] Seen made() const { return made_; }
  [[nodiscard]] std::uint64_t request() const { return request_; }

 private:
  ReferenceDocument& document_;
  int author_;
  Seen before_;
  Seen made_ = 0;
  std::uint64_t request_;
  std::int64_t time_;
};

}  // namespace tests

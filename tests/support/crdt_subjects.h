// Subjects: for every replicated type, the operations that a test may make and what a reader must
// then see. The schedules (schedule.h) and the exhaustive search (small_scope.h) run each of them.
//
// Shape    `operate` makes one event twice: with the type, through an Edit, and with the reference.
//          `check` compares what the type reads with what the operations say, in words of their
//          own. Every failure throws Broken.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "tests/support/reference_document.h"

namespace tests {

struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool condition, const char* what) {
  if (!condition) throw Broken(what);
}

struct Subject {
  const char* name;
  unsigned choices;      // What `operate` tells apart, in random schedules.
  unsigned small_first;  // The choices of an exhaustive search: so many from this one on.
  unsigned small_choices;
  bool prepared;  // Everybody has seen one event of choice 0 before an exhaustive search.
  void (*operate)(unsigned choice, crdt::Edit& edit, ReferenceEvent& event);
  void (*check)(const crdt::Document& document, const ReferenceDocument& reference, Seen seen);
};

extern const Subject kDocumentSubject;
extern const Subject kMvRegisterSubject;
extern const Subject kAddWinsSetSubject;
extern const Subject kRemoveWinsSetSubject;
extern const Subject kCounterSubject;
extern const Subject kHandledSetSubject;
extern const Subject kCoreLeafSubject;

// Author n's replica id; the order of ids is not the order of authors.
[[nodiscard]] crdt::ReplicaId replica_id(int author);

[[nodiscard]] crdt::RequestId request_id(std::uint64_t request);

// The time of a request: 20 minutes apart, so that a few of them span the handled set's hour.
[[nodiscard]] std::int64_t request_time(std::uint64_t request);
inline constexpr std::uint64_t kRequests = 12;

// The document holds exactly the leaves that are live at `seen`, and its vector counts exactly the
// operations in `seen`: so equal vectors mean equal states.
void check_leaves(const crdt::Document& document, const ReferenceDocument& reference, Seen seen,
                  int authors);

}  // namespace tests

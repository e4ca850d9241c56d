// HandledSet: which requests a document has taken, so that a retry on any peer changes nothing.
//
// Shape    path "h/<32 hex digits of the request id>", ranked by the request's time. Its value is
//          what the caller wants to find again by request: the number of its request record.
//          It is added in the delta of the change itself, so whoever has the change has the mark.
// Size     an hour of requests: every add looks at kSweepEntries others and removes the old ones,
//          and at as many of those that no mark can express (crdt/handled_mark.h). Where there are
//          kHandledMax, it removes the oldest eighth of them at once, however young: what lies
//          side by side in a store goes together.
//          No state is kept for that: the sweep starts behind the new request's own id, and ids are
//          hashes, so it visits every entry alike. A request that several replicas handled keeps
//          its marks: they tell what it wrote twice from what two people wrote.
// Laws     a late retry never beats a change that saw the original: tests/crdt/handled_set_test.cc.
#pragma once

#include <cstddef>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/leaf.h"
#include "crdt/request_id.h"

namespace crdt {

// Slack retries within the hour; after it the request record still answers.
inline constexpr std::int64_t kHandledMicros = 3'600'000'000;

// Each add brings one entry and may remove eight, so a burst is gone eight times as fast as it
// came, at the price of eight map steps a request.
inline constexpr std::size_t kSweepEntries = 8;

// A few dozen changes an hour are usual in a channel. A program that floods one shall not make
// every read of its document long; of what it sent, retries that come hundreds of requests later
// lose their answer, and by its rank none of them beats a later change.
inline constexpr std::size_t kHandledMax = 256;

[[nodiscard]] bool is_handled(const Document& document, const RequestId& request);

// The marks of `request`: one for each time that it was handled, as far as the document knows.
[[nodiscard]] std::vector<Leaf> handled_marks(const Document& document, const RequestId& request);

// Marks the Edit's own request as handled, at the Edit's time.
void add_handled(Edit& edit, Bytes note = {});

// Looks at the kSweepEntries entries behind the Edit's own request, around the end to the
// beginning, and removes those older than kHandledMicros at `now`, or the oldest eighth of all
// where there are kHandledMax; likewise the old ones among those that are not packed. Returns how
// many it removed.
std::size_t expire_handled(Edit& edit, Rank now);

// Removes every packed mark older than kHandledMicros at `now`: of a document that nobody adds to.
// Returns how many are left.
std::size_t expire_all_handled(Edit& edit, Rank now);

}  // namespace crdt

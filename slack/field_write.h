// FieldWrite: how a request writes one register: not over what was asked for after it.
//
// Shape    Slack stamps requests in whole seconds, so "after" means in a later second. Within one
//          second the order in which a peer handles requests is the best that is known.
// Laws     a late retry never beats a change that was asked for later.
#pragma once

#include <string>
#include <string_view>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/instant.h"

namespace slack {

enum class Written {
  kWritten,
  kSame,       // The field shows that value and nothing contests it: nothing was written.
  kKeptNewer,  // It shows what was asked for later than this request: nothing was written.
};

// The first whole second of `rank`'s time.
[[nodiscard]] std::chrono::seconds second_of(crdt::Rank rank);

// Whether `leaf` was asked for later than the Edit's request. A rank so far ahead of `now` that no
// clock which takes requests explains it is broken, and must not lock the field for good: it does
// not count as later.
[[nodiscard]] bool asked_later(const crdt::Leaf& leaf, const crdt::Edit& edit, crdt::WallTime now);

// Writes `value` to `path` at the Edit's time. `initial`: what an unwritten field reads as. An
// equal value is written only where rivals contest it.
Written write_field(crdt::Edit& edit, std::string_view path, std::string value,
                    std::string_view initial, bool contested, crdt::WallTime now);

}  // namespace slack

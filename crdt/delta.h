// Delta: what moves a document from one causal context to a later one. Fragment: what brings any
// older context up to date.
//
// A Delta is an *interval*. One event's delta is the interval of that event; what a fragment
// brought, and a batch, are intervals too, so one type and one rule serve all three.
//
// Shape    Delta     after    the context this follows; for one event only the entries that moved
//                             since its writer's previous event in this document (closure implies
//                             the rest). Exact for every replica that `advance` names; absent is 0.
//                    advance  the entries that the interval raises, with their new counters.
//                    written  the leaves born in the interval and alive at its end.
//                    killed   the dots at or below the whole `after` that died in it.
//          Fragment  asker    the context that was asked with; merged only where it is covered.
//                    context  the sender's whole context.
//                    fresh    the sender's live leaves that `asker` does not cover.
//                    kept     the sender's live dots that `asker` covers; every other dot under
//                             `context` is dead.
//          All four lists are in the order of dots, without doubles. A dot in (after, advance] that
//          is not in `written` is dead.
// Laws     applying is associative, commutative where both orders apply, and idempotent:
//          tests/crdt/schedule_law_test.cc.
// Source   Almeida, Shoker, Baquero (2018), section 6, "causal delta-merging condition".
#pragma once

#include <vector>

#include "crdt/dot.h"
#include "crdt/leaf.h"
#include "crdt/version_vector.h"

namespace crdt {

struct Delta {
  VersionVector after;
  VersionVector advance;
  std::vector<Leaf> written;
  std::vector<Dot> killed;

  bool operator==(const Delta&) const = default;
};

struct Fragment {
  VersionVector asker;
  VersionVector context;
  std::vector<Leaf> fresh;
  std::vector<Dot> kept;

  bool operator==(const Fragment&) const = default;
};

}  // namespace crdt

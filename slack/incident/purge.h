// Purge: takes a channel's tasks out of its document for good.
//
// Shape    a task goes with its core leaf and all its fields. What somebody writes to one of them
//          at the same time is left without a core: nobody sees it, and the next purge takes it.
//          The greatest number ever minted stays, so that no number comes to mean another task;
//          who minted it does not.
// Size     what is left of a thousand tasks is the number and the document's vector.
// Laws     no schedule of purges shows half a task, wherever they run:
//          tests/slack/incident/purge_test.cc, tests/crdt/schedule_law_test.cc.
#pragma once

#include <cstddef>

#include "crdt/edit.h"
#include "crdt/instant.h"

namespace slack::incident {

// Writes into `edit` what purges the tasks that were made before `before`, and what is left of
// tasks that are gone. Returns how many tasks go.
std::size_t purge_tasks(crdt::Edit& edit, crdt::WallTime before);

}  // namespace slack::incident

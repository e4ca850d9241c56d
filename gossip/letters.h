// Letters: who has which letter in task numbers, and which one the next node gets.
//
// Shape    a letter is somebody's from the moment a token promises it: to a member, or to whoever
//          comes with a token that may still be used. Removed nodes had theirs: what people saw
//          keeps its meaning.
// Size     'a' to 'z'. Where all are taken, further nodes share.
// Laws     tokens given out one after another promise different letters, whoever joins when:
//          tests/gossip/letters_test.cc. Two that were given out on two sides of a split may
//          promise one; then the second to join is refused where the first is known.
#pragma once

#include <optional>
#include <string>

#include "crdt/instant.h"
#include "gossip/roster.h"

namespace gossip {

// The one that the fewest nodes have or were promised, those that left included.
[[nodiscard]] char free_letter(const Roster& roster, crdt::WallTime now);

// Who has it that is no other node's while any is free: "peer-b", or "a token that is good until
// ..."; nothing where it may be given to another node.
[[nodiscard]] std::optional<std::string> owner_of(const Roster& roster, char letter,
                                                  crdt::WallTime now);

// The member that has it, where a joiner may not have it, too.
[[nodiscard]] std::optional<std::string> member_with(const Roster& roster, char letter);

}  // namespace gossip

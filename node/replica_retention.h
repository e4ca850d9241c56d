// Retention: when the cluster forgets its records (crdt/horizon.h).
//
// Shape    the peer on duty moves the horizon to RetentionConfig::keep before now, a step at a
//          time, and only after it has seen that every peer of the roster is linked and holds what
//          every other one did: nothing is forgotten that somebody has not had. A peer that is
//          away, for however long, is waited for until it comes or an operator removes it. Tasks,
//          who may what, and who belongs to the cluster are no records of this kind: they stay.
//          What an operator has forgotten of a channel (node/admin_forget.h) the peer on duty
//          purges again where a peer that was away brings more of it.
//          "Now" is what the stamps of Slack's requests say (node/replica_vitals.h), those that
//          came here lately or the newest that a record carries, whatever the peer's own clock
//          says: where nobody types, nothing is forgotten. A peer that moves the horizon further
//          than anybody may, to less than an hour before now, is refused, and its link with it.
// Laws     a peer's own clock never makes young records go; a record that any peer of the roster
//          has not had does not go: tests/node/replica_retention_test.cc, muster-sim.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "crdt/instant.h"
#include "node/replica_vitals.h"

namespace node {

// Slack sends again within the hour; the rest is for people, who may ask what was answered today.
inline constexpr std::chrono::hours kKeepMin{25};

// What Slack's stamps say it is now; nothing where none came lately.
[[nodiscard]] std::optional<crdt::WallTime> slack_time(const SlackClock& clock,
                                                       const crdt::Now& now);

// "2026-01-31", in UTC.
[[nodiscard]] std::string date_text(crdt::WallTime time);

}  // namespace node

// Decide: what a command does to a channel's document, and what its author should learn.
//
// Shape    the document is const; writes go to the Edit. The answer is a Decision, not words: words
//          are incident/render's.
// Laws     a request that the document has handled changes nothing. Ids of what a create makes
//          derive from the request; what it writes has the lowest rank, so any edit beats it. A
//          live value that was asked for later than this request stays. A decision that changes
//          nothing writes nothing, not even the handled mark. Several tasks in one command: all or
//          none. tests/slack/incident/decide_test.cc, convergence_test.cc.
// Source   Muster's own rules for requests, retries and collisions: ARCHITECTURE.md.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/instant.h"
#include "slack/incident/command.h"
#include "slack/incident/status_set.h"
#include "slack/incident/tasks.h"

namespace slack::incident {

// A change of somebody else's to the same field counts as a collision this long: two people who
// type at the same moment have both seen the old value.
inline constexpr std::chrono::seconds kCollisionWindow{60};

// What a decision may depend on beside the document and the command.
struct Context {
  std::string_view author;       // Slack user id.
  std::string_view author_name;  // So that "me" also finds a raw "@name".
  crdt::WallTime asked_at;       // As Slack signed it: whole seconds.
  crdt::WallTime now;       // This peer's clock: only ages handled marks, and bounds absurd ranks.
  char letter = 'a';        // This peer's roster letter.
  bool split = false;       // A rostered peer is out of reach.
  std::uint64_t event = 0;  // Numbers this replica's changes; the handled mark carries it.
};

enum class Subject { kText, kStatus, kAssignee };

// One thing that the author should learn about one field. Its views are as a Decision's.
struct Notice {
  enum class Kind {
    kAlready,      // The field has that value: nothing was written.
    kNotFinished,  // "reopen" of an unfinished task.
    kReplaced,  // Somebody else wrote it within kCollisionWindow before; the author's value stands.
    kKeptNewer,  // Somebody wrote it after this request was signed; that value stands.
    kSettled,    // There were several values; the author's stands.
    kRetried,    // This very request was handled before.
  };

  Kind kind = Kind::kAlready;
  std::string task;  // Its label.
  Subject subject = Subject::kText;
  std::string_view user;   // Of kAssignee.
  std::string_view yours;  // Stored form.
  std::string_view theirs;
  std::string_view their_author;
  std::chrono::seconds apart{0};  // Between the two requests.

  bool operator==(const Notice&) const = default;
};

enum class ReplyKind { kBoard, kList, kAdded, kChanged, kAsk, kHelp };

// Views point into the document, the Edit, the command, the Context and the statuses: render before
// any of them changes.
struct Decision {
  ReplyKind reply = ReplyKind::kBoard;
  bool changed = false;
  std::vector<Task> tasks;     // What the answer shows, as it is after the change.
  std::size_t known = 0;       // Of kBoard and kList: tasks in the channel, finished ones included.
  std::size_t unfinished = 0;  // Of the same.
  std::vector<Notice> notices;
  Ask ask;                 // Of kAsk.
  std::string_view topic;  // Of kHelp.
};

// REQUIRES `edit` to be fresh and of `document`, with the request's id, author and time.
[[nodiscard]] Decision decide(const crdt::Document& document, const Command& command,
                              const Context& context, const StatusSet& statuses, crdt::Edit& edit);

}  // namespace slack::incident

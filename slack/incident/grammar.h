// Grammar: from the words behind `/ir` to a Command.
//
//   command = [ verb ] args                     nothing at all is the board
//   add     = ["add" | "+"] text { user } [ status ]
//   update  = taskref ( status | user | "-"user | ":" text )+
//   list    = ["list" | "ls"] ["all" | "finished" | "mine"] { user } { status }     not nothing
//   finish  = ("done" | "close" | "reopen" | "cancel" | "take" | "drop") taskref { taskref }
//   help    = ("help" | "?" | "-h" | "--help") [ verb ]
//   taskref = ["#"] digits [ letter ]           counted from 1
//   status  = "!" name, in any case, or the beginning of just one name
//   user    = <@U1> | <@U1|name> | <!subteam^S1|name> | @U012AB3CD | @name | "me" | "@me"
//             ("@name" is for decide() to judge: it is somebody's only where a task says so)
//
// Laws     total: any bytes give a Command. What is unclear is an Ask, which changes nothing: a
//          status that nobody knows or that stands inside a text, a verb mistyped by one letter, a
//          word that elsewhere is a command and has no prose behind it ("tasks", "red"), a
//          word that is no verb with nothing but numbers and marks behind it ("delete 2"), a
//          number with prose behind it, a number that no task has ("-1 !done", "3,4 !done"), a "me"
//          that reads as a part of the text ("add call me"; "@me" is always whoever asks), a verb
//          without what it needs, a verb of another version.
#pragma once

#include <string_view>

#include "slack/incident/command.h"
#include "slack/incident/status_set.h"

namespace slack::incident {

// `text` is on the wire, as Slack sent it.
[[nodiscard]] Command parse(std::string_view text, const StatusSet& statuses);

}  // namespace slack::incident

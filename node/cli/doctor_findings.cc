#include "node/cli/doctor_findings.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "node/cli/plural.h"
#include "node/cli/status_table.h"
#include "node/log.h"

namespace node::cli {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kClockWarnMs = 5'000;    // Beyond what a slow way from Slack explains.
constexpr std::int64_t kClockGraveMs = 60'000;  // From here on /readyz fails.
constexpr std::int64_t kLagSecondsMax = 30;     // A linked peer is told within milliseconds.
constexpr std::uint64_t kForgedNoise = 10;      // Strangers try; that many in one run is a pattern.
// Below this a busy day may fill it: an incident channel of 24 tasks is some 100 KB.
constexpr std::uint64_t kDiskFreeMin = std::uint64_t{1} << 30;
// The store, the log, listeners, links with 128 peers, and room for what is tried again.
constexpr std::uint64_t kDescriptorsBeside = 256;
constexpr std::uint64_t kDescriptorsLeftMin = 64;

std::int64_t number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

std::uint64_t count(const Json& object, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(object, key)));
}

// Names and texts of a peer go to a terminal.
std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return escape_control(found->get_ref<const std::string&>());
}

bool is_true(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

void judge_slack(const Json& counters, std::vector<Finding>& findings) {
  const std::uint64_t forged = count(counters, "slack_forged");
  const std::uint64_t genuine = count(counters, "slack_commands") + count(counters, "slack_events");
  const std::string refused = plural(forged, "request");
  if (forged > genuine) {
    findings.push_back(
        {"wrong-secret",
         refused +
             " came with a signature that was not made with this peer's signing secret, and "
             "only " +
             std::to_string(genuine) + " with one that was: the secret is most likely wrong",
         "compare the file or variable that slack.signing_secret_file or signing_secret_env names "
         "with \"Basic Information\" > \"Signing Secret\" of your app at api.slack.com, then "
         "restart this peer"});
  } else if (forged >= kForgedNoise) {
    findings.push_back({"forged-requests",
                        refused + " came with a signature that is not Slack's, among " +
                            std::to_string(genuine) +
                            " genuine ones: somebody else reaches this address",
                        "let only the load balancer reach slack.listen"});
  }
}

void judge_clock(const Json& status, const Json& counters, std::vector<Finding>& findings) {
  const std::int64_t ahead = number(status, "clock_ahead_ms");
  if (std::abs(ahead) <= kClockWarnMs) return;
  const std::uint64_t untimely = count(counters, "slack_untimely");
  const std::string by =
      std::to_string(std::abs(ahead) / 1000) + " s " + (ahead < 0 ? "behind" : "ahead of");
  std::string what = "this machine's clock is " + by + " Slack's, as its requests are stamped";
  if (untimely > 0) {
    what += "; " + std::to_string(untimely) + " of them were refused for it";
  } else if (std::abs(ahead) > kClockGraveMs) {
    what +=
        ", so /readyz tells the load balancer to look elsewhere; from 300 s on its requests "
        "are refused";
  }
  findings.push_back({"skewed-clock", what,
                      "set it right and keep it so: timedatectl set-ntp true (or chrony); nothing "
                      "needs a restart"});
}

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

void judge_damage(const Json& status, std::vector<Finding>& findings) {
  const std::uint64_t found = count(status, "damage_found");
  const std::uint64_t unreadable = count(status, "unreadable");
  const std::uint64_t lost = count(status, "damage_lost");
  if (found == 0 && unreadable == 0 && lost == 0) return;
  std::string what =
      "the disk or the memory of this machine alters data: " + plural(found, "stored value") +
      " had a wrong checksum and " + (found == 1 ? "was" : "were") + " not used";
  what += "; healed: " + std::to_string(count(status, "damage_healed"));
  if (unreadable > 0) {
    what += "; " + plural(unreadable, "document") + (unreadable == 1 ? " waits" : " wait") +
            " for a peer";
  }
  if (lost > 0) what += "; of " + std::to_string(lost) + " no peer holds all";
  findings.push_back({"damaged-values", std::move(what),
                      "look at the machine (dmesg, smartctl -a, a memory test) and at this peer's "
                      "log for which values; keep it linked, what other peers hold comes back"});
}

void judge_store(const Json& status, std::vector<Finding>& findings) {
  if (is_true(status, "read_only")) {
    findings.push_back({"read-only",
                        "this peer refuses changes: its disk is full or its store fails",
                        "free space on the disk of its data_dir; where there is enough, its log "
                        "says what the store said. It goes on by itself"});
  }
  judge_damage(status, findings);
  const std::string catching_up = text(status, "catching_up");
  if (!catching_up.empty()) {
    findings.push_back({"catching-up", "this peer answers no Slack request yet, for " + catching_up,
                        "let it link with a peer that is not catching up itself; the first whole "
                        "session ends it. Where there is no such peer: muster serve "
                        "--accept-restored"});
  }
  if (const std::uint64_t rollbacks = count(status, "rollbacks_found"); rollbacks > 0) {
    findings.push_back({"rolled-back",
                        "other peers know more of this store's past than it does itself, though "
                        "nobody restored it with muster: it was set back underneath, " +
                            times(rollbacks) + " seen",
                        "find out who sets this disk back (snapshots of virtual machines?); what "
                        "was lost comes back from the others"});
  }
}

// Where an operator has put it in the roster.
void judge_member(const Json& status, std::vector<Finding>& findings) {
  const std::string state = text(status, "member_state");
  if (state == "draining") {
    findings.push_back({"draining",
                        "an operator drains this peer: /readyz tells the load balancer to look "
                        "elsewhere; what still reaches it is served",
                        "muster peers activate takes that back; muster peers remove ends it, once "
                        "the others have all that it holds"});
  } else if (state == "joining") {
    findings.push_back({"joining",
                        "this peer is a new member that does not hold all of the cluster yet, and "
                        "answers no Slack request until it does",
                        "let it run and be linked with a peer that holds it; the first whole "
                        "session ends it"});
  } else if (state == "removed") {
    findings.push_back({"removed",
                        "an operator removed this peer from its cluster, for ever: nobody links "
                        "with it, and it answers no Slack request",
                        "stop it. For this machine to come back: muster invite at another peer, "
                        "then muster join here, into an empty folder"});
  } else if (text(status, "not_ready") == "draining") {
    findings.push_back({"stopping", "this peer was told to stop and drains first",
                        "nothing: it ends by itself (drain_ms)"});
  }
}

void judge_peers(const Json& status, const std::string& software, std::vector<Finding>& findings) {
  const std::string own = text(status, "software");
  if (!own.empty() && own != software) {
    findings.push_back({"old-process",
                        "the peer that runs is " + own + ", this program " + software,
                        "restart it, one peer after the other"});
  }
  const auto peers = status.find("peers");
  if (peers == status.end() || !peers->is_array()) return;
  for (const Json& peer : *peers) {
    const std::string name = text(peer, "name");
    const std::string theirs = text(peer, "software");
    if (!theirs.empty() && !own.empty() && theirs != own) {
      std::string words = "this peer is " + own;
      words.append(", ").append(name).append(" is ").append(theirs);
      words += ": fine while you upgrade, not for long";
      findings.push_back({"mixed-versions", std::move(words), "upgrade the older one"});
    }
    if (const std::uint64_t lies = count(peer, "lies"); lies > 0) {
      findings.push_back({"lying-peer",
                          name + " said what no honest peer with a right clock says, " +
                              times(lies) + "; it was refused, and nothing of it is stored",
                          "see what it was (this peer's log, roster_refused of muster status "
                          "--json), and look at that machine's clock and software; where somebody "
                          "else runs it, remove it from the cluster"});
    }
    const std::int64_t age = number(peer, "lag_seconds");
    if (age > kLagSecondsMax) {
      findings.push_back({"stale-peer",
                          name + " has lacked " + plural(count(peer, "lag"), "change") + " for " +
                              std::to_string(age) + " s",
                          "look at its disk, its processor and the network between; nothing is "
                          "lost, it gets them as fast as it takes them"});
    }
  }
}

bool has_roster(const Json& status) { return !text(status, "member_state").empty(); }

void judge_retention(const Json& status, std::vector<Finding>& findings) {
  const Json retention = status.value("retention", Json::object());
  const std::string due = "events and answers that are older than " +
                          std::to_string(count(retention, "days")) +
                          " days are due to be forgotten and kept nevertheless: ";
  std::string names;
  const Json waits_for = retention.value("waits_for", Json::array());
  for (const Json& name : waits_for.is_array() ? waits_for : Json::array()) {
    if (!name.is_string()) continue;
    names.append(names.empty() ? "" : ", ")
        .append(escape_control(name.get_ref<const std::string&>()));
  }
  if (!names.empty()) {
    findings.push_back(
        {"retention-waits",
         due + names + " may not have had all of them, or may hold some that nobody else has",
         std::string("bring it back, or, where it never comes, ") +
             (has_roster(status) ? "muster peers remove it"
                                 : "take it out of peers.list in every other configuration, and "
                                   "restart these") +
             "; nobody is forgotten by the clock"});
  }
  if (is_true(retention, "waits_for_slack")) {
    findings.push_back({"retention-waits",
                        due + "so this machine's clock says, but no request of Slack's came here, "
                              "and no change from another peer, whose stamp would confirm it",
                        "nothing, where people are just quiet: the next command that changes "
                        "something ends it. Else see that Slack's requests come (muster status)"});
  }
}

void judge_retention_of(const Json& status, const Json& peer, std::vector<Finding>& findings) {
  const std::uint64_t own = count(status.value("retention", Json::object()), "days");
  const std::uint64_t theirs = count(peer, "retention_days");
  if (own == 0 || theirs == 0 || own == theirs) return;
  findings.push_back({"different-retention",
                      text(peer, "name") + " keeps events and answers for " +
                          plural(theirs, "day") + ", this peer for " + plural(own, "day") +
                          ": the shorter time rules, on every peer",
                      "give retention_days one value in all configurations, and restart the peers "
                      "where it changed"});
}

// Peers of one letter give one label to two tasks that they make at once.
void judge_letters(const Json& status, std::vector<Finding>& findings) {
  std::map<std::string, std::vector<std::string>> names;
  names[text(status, "letter")].push_back(text(status, "name"));
  for (const Json& peer : status.value("peers", Json::array())) {
    names[text(peer, "letter")].push_back(text(peer, "name"));
  }
  for (const auto& [letter, sharing] : names) {
    if (letter.empty() || sharing.size() < 2) continue;
    std::string all;
    for (const std::string& name : sharing) all.append(all.empty() ? "" : ", ").append(name);
    const bool roster = has_roster(status);
    all.append(" all have the letter ").append(letter);
    all.append(" in task numbers: where two of them number a task at once, only longer labels ");
    all.append("such as 7").append(letter).append("-3f2a tell the tasks apart");
    findings.push_back(
        {"equal-letters", std::move(all),
         roster ? "give all but one another: muster peers letter PEER LETTER"
                : "give all but one another \"letter\" in its configuration, and restart it"});
  }
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "" : " (" + std::to_string(100 * part / whole) + " %)";
}

}  // namespace

std::vector<Finding> judge_disk(std::uint64_t free_bytes, std::uint64_t bytes,
                                std::uint64_t reserve_bytes, const std::string& folder) {
  if (bytes == 0) return {};  // Nobody could say.
  const std::string where = folder.empty() ? "the disk of data_dir" : "the disk of " + folder;
  const std::string left =
      size_text(free_bytes) + share(free_bytes, bytes) + " is free on " + where;
  if (free_bytes < reserve_bytes) {
    return {{"full-disk",
             left + ", less than store.disk_reserve_bytes (" + size_text(reserve_bytes) +
                 "): changes are refused",
             "free space there, or lower store.disk_reserve_bytes; the peer goes on by itself"}};
  }
  if (free_bytes - reserve_bytes < kDiskFreeMin || free_bytes < bytes / 20) {
    return {{"nearly-full-disk",
             "only " + left + "; below " + size_text(reserve_bytes) + " changes are refused",
             "free space there, or move data_dir to a larger disk while the peer is stopped"}};
  }
  return {};
}

std::vector<Finding> judge_descriptors(std::uint64_t used, std::uint64_t allowed,
                                       std::uint64_t connections_max) {
  if (allowed == 0) return {};
  const bool scarce = allowed < used + kDescriptorsLeftMin;
  if (!scarce && allowed >= connections_max + kDescriptorsBeside) return {};
  return {{"few-descriptors",
           "the peer may open " + std::to_string(allowed) + " files and sockets" +
               (used > 0 ? " and has " + std::to_string(used) + " open" : "") +
               "; limits.connections alone is " + std::to_string(connections_max),
           "raise the limit (LimitNOFILE= of the systemd unit, ulimit -Hn in a shell) above " +
               std::to_string(connections_max + kDescriptorsBeside) +
               ", or lower limits.connections"}};
}

std::vector<Finding> judge_status(const Json& status, const std::string& software) {
  std::vector<Finding> findings;
  const Json counters = status.value("counters", Json::object());
  judge_slack(counters, findings);
  judge_clock(status, counters, findings);
  judge_store(status, findings);
  judge_member(status, findings);
  judge_peers(status, software, findings);
  judge_letters(status, findings);
  judge_retention(status, findings);
  for (const Json& peer : status.value("peers", Json::array())) {
    judge_retention_of(status, peer, findings);
  }
  const Json system = status.value("system", Json::object());
  const auto disk = judge_disk(count(system, "disk_free_bytes"), count(system, "disk_bytes"),
                               count(system, "disk_reserve_bytes"), "");
  findings.insert(findings.end(), disk.begin(), disk.end());
  return findings;
}

}  // namespace node::cli

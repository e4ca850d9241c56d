#include "node/cli/demo_session.h"

#include <algorithm>
#include <cstdio>

#include "node/cli/blocks_text.h"
#include "node/cli/demo_people.h"

namespace node::cli {
namespace {

std::string name_of(int peer) { return "peer " + std::to_string(peer); }

// Every line behind a bar, as a message of Slack's stands beside its author.
std::string framed(std::string_view text, const TextStyle& style) {
  const std::string bar = "   " + paint(style, "35", "│") + " ";
  std::string out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out.append(bar).append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

DemoSession::DemoSession(DemoCluster& cluster, std::ostream& out, bool colours,
                         DemoCluster::Pause pause)
    : cluster_(cluster),
      out_(out),
      style_{colours, demo_names()},
      plain_{false, demo_names()},
      pause_(std::move(pause)) {}

crdt::Result<void> DemoSession::perform(const DemoLine& line) {
  return std::visit([this](const auto& one) { return perform_one(one); }, line);
}

std::string DemoSession::prompt() const {
  return paint(style_, "2", user_ + " #" + channel_) + " ";
}

void DemoSession::say(std::string_view text) {
  out_ << "   " << paint(style_, "2", text) << "\n" << std::flush;
}

crdt::Result<void> DemoSession::perform_one(const SlackLine& line) {
  const std::string user = line.user.value_or(user_);
  SlashCommand command;
  command.user_id = user_id_of(user);
  command.user_name = user;
  command.channel_id = channel_id_of(channel_);
  command.channel_name = channel_;
  command.command = line.command;
  command.text = escape_typed(line.text);
  command.trigger_id = fresh_trigger_id();
  last_call_ = signed_call(command, cluster_.signing_secret());
  return send(line.peer, *last_call_);
}

crdt::Result<void> DemoSession::perform_one(const AgainLine& line) {
  if (!last_call_) return crdt::Error("nothing was sent yet");
  return send(line.peer, *last_call_);
}

crdt::Result<void> DemoSession::send(int peer, const HttpCall& call) {
  last_answer_.clear();
  const auto answer = cluster_.send(peer, call);
  if (!answer) return crdt::Error(answer.error().message + " (Slack would show a failure)");
  last_answer_ = draw_body(answer->body, plain_);
  out_ << framed(draw_body(answer->body, style_), style_) << std::flush;
  if (answer->status == 200) return {};
  return crdt::Error(name_of(peer) + " answered " + std::to_string(answer->status) +
                     " (Slack would show a failure)");
}

crdt::Result<void> DemoSession::perform_one(const CutLine& line) {
  cluster_.cut(line.pair);
  say("nothing passes between " + name_of(line.pair.first) + " and " + name_of(line.pair.second));
  return {};
}

crdt::Result<void> DemoSession::perform_one(const HealLine& line) {
  if (line.pair) {
    cluster_.heal(*line.pair);
    say(name_of(line.pair->first) + " and " + name_of(line.pair->second) + " can link again");
    return {};
  }
  for (int a = 1; a <= cluster_.size(); ++a) {
    for (int b = a + 1; b <= cluster_.size(); ++b) cluster_.heal({a, b});
  }
  say("all peers can link again");
  return {};
}

crdt::Result<void> DemoSession::perform_one(const PeerLine& line) {
  const bool up = cluster_.running(line.peer);
  if (line.action == PeerAction::kStart) {
    if (auto started = cluster_.start(line.peer); !started) return started.error();
    say(name_of(line.peer) + " is up");
    return {};
  }
  if (!up) return crdt::Error(name_of(line.peer) + " is down already");
  if (line.action == PeerAction::kKill) {
    cluster_.kill(line.peer);
    say(name_of(line.peer) + " is dead");
    return {};
  }
  if (!cluster_.stop(line.peer)) {
    return crdt::Error(name_of(line.peer) + " did not stop when asked and was killed");
  }
  say(name_of(line.peer) + " has stopped");
  return {};
}

crdt::Result<void> DemoSession::perform_one(const StatusLine&) {
  last_answer_ = draw_status(plain_);
  out_ << framed(style_.colours ? draw_status(style_) : last_answer_, style_) << std::flush;
  return {};
}

std::string DemoSession::draw_peer(int peer, const TextStyle& style,
                                   const crdt::Result<PeerStatus>& status, bool equal) {
  const std::string head = paint(style, "1", name_of(peer)) + "  ";
  if (!cluster_.running(peer)) return head + paint(style, "31", "down");
  if (!status) return head + paint(style, "31", status.error().message);
  std::string links;
  for (const LinkStatus& link : status->peers) {
    const bool linked = link.state == "linked";
    links += "  " + link.name + " ";
    links += paint(style, linked ? "32" : "31", link.state);
    // A peer says a little later what it has: where all hold the same, nobody is behind.
    if (linked && link.lag > 0 && !equal) links += ", " + std::to_string(link.lag) + " behind";
  }
  char counts[96];
  std::snprintf(counts, sizeof counts, "  log %-4llu documents %llu  state %.8s",
                static_cast<unsigned long long>(status->log_head),
                static_cast<unsigned long long>(status->documents), status->state_hash.c_str());
  return head + paint(style, "32", "up") + counts + links +
         (status->read_only ? paint(style, "31", "  READ ONLY") : "");
}

std::string DemoSession::draw_status(const TextStyle& style) {
  std::string out;
  std::vector<std::pair<int, std::string>> hashes;
  std::vector<crdt::Result<PeerStatus>> all;
  for (int peer = 1; peer <= cluster_.size(); ++peer) {
    all.push_back(cluster_.status(peer));
    if (all.back()) hashes.emplace_back(peer, all.back()->state_hash);
  }
  const bool equal = std::all_of(hashes.begin(), hashes.end(), [&](const auto& entry) {
    return entry.second == hashes.front().second;
  });
  for (int peer = 1; peer <= cluster_.size(); ++peer) {
    out += draw_peer(peer, style, all[static_cast<std::size_t>(peer - 1)], equal) + "\n";
  }
  std::string differ;
  int differing = 0;
  for (const auto& [peer, hash] : hashes) {
    if (hash == hashes.front().second) continue;
    differ += (differ.empty() ? "" : ", ") + name_of(peer);
    ++differing;
  }
  if (hashes.empty()) return out + "no peer is up";
  if (differ.empty()) return out + paint(style, "32", "all that are up are equal");
  differ += differing == 1 ? " differs from " : " differ from ";
  return out + paint(style, "33", differ + name_of(hashes.front().first));
}

crdt::Result<void> DemoSession::perform_one(const WaitLine&) { return cluster_.settle(pause_); }

crdt::Result<void> DemoSession::perform_one(const HelpLine&) {
  out_ << demo_help() << "\n" << std::flush;
  return {};
}

crdt::Result<void> DemoSession::perform_one(const QuitLine&) {
  quit_ = true;
  return {};
}

crdt::Result<void> DemoSession::perform_one(const SleepLine& line) {
  if (pause_(line.time)) return {};
  return crdt::Error("interrupted");
}

crdt::Result<void> DemoSession::perform_one(const AsLine& line) {
  user_ = line.user;
  say(user_ + " (" + user_id_of(user_) + ") types now");
  return {};
}

crdt::Result<void> DemoSession::perform_one(const ChannelLine& line) {
  channel_ = line.name;
  say("in #" + channel_ + " (" + channel_id_of(channel_) + ") now");
  return {};
}

crdt::Result<void> DemoSession::perform_one(const ExpectLine& line) {
  const bool found = last_answer_.find(line.text) != std::string::npos;
  if (found == line.wanted) return {};
  return crdt::Error("the last answer " + std::string(line.wanted ? "lacks" : "holds") + " \"" +
                     line.text + "\"; it is:\n" + last_answer_);
}

}  // namespace node::cli

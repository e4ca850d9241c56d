#include "node/cli/demo_line.h"

#include <charconv>
#include <vector>

#include "node/cli/demo_people.h"

namespace node::cli {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::chrono::milliseconds kSleepMax = std::chrono::minutes(10);  // Longer is a typo.

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The first word; `text` keeps what follows it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find_first_of(" \t");
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
  return word;
}

Words words_of(std::string_view text) {
  Words words;
  for (text = trim(text); !text.empty();) words.push_back(take_word(text));
  return words;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

crdt::Result<int> parse_peer(std::string_view text, int peers) {
  int peer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), peer);
  if (error != std::errc{} || end != text.data() + text.size() || peer < 1 || peer > peers) {
    return crdt::Error(quoted(text) + " is no peer; they are 1 to " + std::to_string(peers));
  }
  return peer;
}

crdt::Result<std::pair<int, int>> parse_pair(const Words& words, int peers) {
  const auto a = parse_peer(words[0], peers);
  if (!a) return a.error();
  const auto b = parse_peer(words[1], peers);
  if (!b) return b.error();
  if (*a == *b) return crdt::Error("a peer has no link to itself");
  return std::pair(*a, *b);
}

crdt::Result<std::string> parse_user(std::string_view text) {
  if (text.starts_with('@')) text.remove_prefix(1);
  if (is_demo_user(text)) return crdt::Result<std::string>(boost::system::in_place_value, text);
  std::string known;
  for (const std::string_view name : kDemoUsers)
    known.append(known.empty() ? "" : ", ").append(name);
  return crdt::Error("there is no " + quoted(text) + " here, only " + known);
}

// `to` is what stands before the '>', `rest` what follows it.
crdt::Result<DemoLine> parse_slack(std::string_view to, std::string_view rest, int peers) {
  SlackLine line;
  Words words = words_of(to);
  if (words.size() == 2) {
    const auto user = parse_user(words[0]);
    if (!user) return user.error();
    line.user = *user;
    words.erase(words.begin());
  }
  if (words.size() != 1) return crdt::Error("write the peer before the >, as in 1> /ir list");
  const auto peer = parse_peer(words[0], peers);
  if (!peer) return peer.error();
  line.peer = *peer;
  if (!rest.starts_with('/') || rest.size() < 2) {
    return crdt::Error("a Slack command starts with a slash, as in " + std::to_string(*peer) +
                       "> /ir list");
  }
  line.command = take_word(rest);
  line.text = rest;
  return DemoLine(line);
}

crdt::Result<DemoLine> parse_sleep(std::string_view text) {
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const std::chrono::duration<double> time(seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0) ||
      time > kSleepMax) {
    return crdt::Error("say how many seconds, as in sleep 2");
  }
  return DemoLine(SleepLine{std::chrono::duration_cast<std::chrono::milliseconds>(time)});
}

crdt::Result<DemoLine> parse_peer_word(std::string_view verb, const Words& rest, int peers) {
  if (rest.size() != 1) {
    return crdt::Error("say which peer, as in " + std::string(verb) + " 2");
  }
  const auto peer = parse_peer(rest[0], peers);
  if (!peer) return peer.error();
  if (verb == "again") return DemoLine(AgainLine{*peer});
  const PeerAction action = verb == "kill"    ? PeerAction::kKill
                            : verb == "start" ? PeerAction::kStart
                                              : PeerAction::kStop;
  return DemoLine(PeerLine{action, *peer});
}

crdt::Result<DemoLine> parse_link_word(std::string_view verb, const Words& rest, int peers) {
  if (verb == "heal" && rest.empty()) return DemoLine(HealLine{});
  if (rest.size() != 2) {
    return crdt::Error("say between which two peers, as in " + std::string(verb) + " 1 2");
  }
  const auto pair = parse_pair(rest, peers);
  if (!pair) return pair.error();
  if (verb == "cut") return DemoLine(CutLine{*pair});
  return DemoLine(HealLine{*pair});
}

crdt::Result<DemoLine> parse_setting(std::string_view verb, std::string_view rest) {
  if (verb == "sleep") return parse_sleep(rest);
  if (verb == "as") {
    const auto user = parse_user(rest);
    if (!user) return user.error();
    return DemoLine(AsLine{*user});
  }
  if (verb == "channel") {
    if (rest.starts_with('#')) rest.remove_prefix(1);
    if (rest.empty()) return crdt::Error("say which channel, as in channel #db-outage");
    return DemoLine(ChannelLine{std::string(rest)});
  }
  if (rest.empty()) return crdt::Error("say which text, as in " + std::string(verb) + " disk full");
  return DemoLine(ExpectLine{std::string(rest), verb == "expect"});
}

}  // namespace

crdt::Result<DemoLine> parse_demo_line(std::string_view line, int peers) {
  line = trim(line);
  if (line.empty() || line.starts_with('#')) return DemoLine(NothingLine{});
  std::string_view rest = line;
  const std::string_view verb = take_word(rest);
  if (verb == "expect" || verb == "expect-not" || verb == "sleep" || verb == "as" ||
      verb == "channel") {
    return parse_setting(verb, rest);
  }
  const std::size_t arrow = line.find('>');
  if (arrow != std::string_view::npos) {
    return parse_slack(line.substr(0, arrow), trim(line.substr(arrow + 1)), peers);
  }
  const Words words = words_of(rest);
  if (verb == "cut" || verb == "heal") return parse_link_word(verb, words, peers);
  if (verb == "kill" || verb == "start" || verb == "stop" || verb == "again") {
    return parse_peer_word(verb, words, peers);
  }
  if (words.empty()) {
    if (verb == "status") return DemoLine(StatusLine{});
    if (verb == "wait") return DemoLine(WaitLine{});
    if (verb == "help") return DemoLine(HelpLine{});
    if (verb == "quit" || verb == "exit") return DemoLine(QuitLine{});
  }
  if (verb.starts_with('/')) {
    return crdt::Error("say which peer gets it, as in 1> " + std::string(line));
  }
  return crdt::Error(quoted(line) + " means nothing here; try 1> /ir list, or help");
}

std::string_view demo_help() {
  return R"(  1> /ir add disk full   send a slash command to peer 1, as Slack would
  @bob 2> /ir take 1     the same, typed by bob (there are ann, bob, dana and lee)
  again 3                send the last request once more, unchanged, to peer 3: a retry
  as bob                 bob types from now on
  channel #db-outage     in this channel from now on

  cut 1 2                nothing passes between peers 1 and 2 any more
  heal 1 2  |  heal      it does again; without numbers, everywhere
  kill 2                 peer 2 dies as in a power cut (kill -9)
  stop 2                 peer 2 stops in order
  start 2                peer 2 comes back with what it had stored
  status                 each peer, its links, its log, and whether all are equal

  wait                   until the peers that can reach each other are equal, 5 s at most
  sleep 2                two seconds
  expect TEXT            fails unless the last answer holds TEXT; expect-not TEXT the reverse
  # anything             a comment
  help, quit             ctrl-C quits as well; no peer is left behind

In a script (standard input that is no terminal) every line waits first, as by wait, and the first
failure ends the demo with exit code 1.)";
}

}  // namespace node::cli

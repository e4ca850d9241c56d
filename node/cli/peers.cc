#include "node/cli/peers.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "gossip/roster_entry.h"
#include "node/cli/admin_client.h"
#include "node/cli/operator_key.h"
#include "node/cli/plural.h"
#include "node/cli/status_table.h"

namespace node::cli {
namespace {

using gossip::RosterState;
using Json = nlohmann::json;

struct PeersOptions {
  AdminOptions peer;
  std::string operator_key;
  std::string name;
  std::string letter;
  bool json = false;
  bool force = false;
};

int failed(const crdt::Error& error, int code = kFailed) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

std::string left_text(std::uint64_t seconds) {
  if (seconds < 120) return plural(seconds, "second");
  return seconds < 7'200 ? plural(seconds / 60, "minute") : plural(seconds / 3'600, "hour");
}

std::string link_text(const Json& peer) {
  if (peer.value("self", false)) return "this peer";
  if (!peer["link"].is_string()) return "-";
  const std::string link = peer["link"].get<std::string>();
  const std::uint64_t lag = peer["lag"].is_number() ? peer["lag"].get<std::uint64_t>() : 0;
  return link != "linked" || lag == 0 ? link : link + ", lacks " + plural(lag, "change");
}

int list(const PeersOptions& options) {
  auto client = AdminClient::open(options.peer);
  if (!client) return failed(client.error(), kUnusable);
  const auto roster = client->ask("GET", "/peers");
  if (!roster) return failed(roster.error());
  if (options.json) {
    std::cout << roster->dump(2) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"name", "state", "letter", "address", "key", "link"}};
  std::string remarks;
  for (const Json& peer : roster->at("peers")) {
    const std::string name = peer.value("name", "");
    rows.push_back({name, peer.value("state", ""), peer.value("letter", "-"),
                    peer.value("address", ""), peer.value("key", "").substr(0, 16),
                    link_text(peer)});
    for (const Json& flag : peer.value("flags", Json::array())) {
      remarks += "  look at " + name + " (" + peer.value("key", "").substr(0, 16) +
                 "): " + flag.get<std::string>() + "\n";
    }
  }
  if (roster->at("operators").empty()) {
    remarks += "  " + roster->at("name").get<std::string>() +
               " answers. This cluster has no operator: the others are those that peers.list of "
               "its configuration names\n";
  }
  for (const Json& name : roster->at("waiting")) {
    remarks += "  " + name.get<std::string>() +
               " joined through a peer that is not known here yet; it is not linked until then\n";
  }
  for (const Json& invitation : roster->value("invitations", Json::array())) {
    remarks += "  token " + invitation.value("token", "").substr(0, 16) +
               " can still be used, for the letter " + invitation.value("letter", "") + ", for " +
               left_text(invitation.value("expires_in_s", std::uint64_t{0})) + "\n";
  }
  std::cout << "cluster " << roster->at("cluster").get<std::string>() << "\n"
            << draw_rows(rows) << (remarks.empty() ? "" : "\n" + remarks);
  return kDone;
}

bool is_removed(const Json& peer) { return peer.value("state", "") == "removed"; }

// The peer that goes by this name, or whose key begins so. Of one name, it is the one that is not
// removed.
crdt::Result<Json> find(const Json& peers, const std::string& name) {
  Json found;
  for (const Json& peer : peers) {
    const bool by_key = name.size() >= 8 && peer.value("key", "").starts_with(name);
    if (peer.value("name", "") != name && !by_key) continue;
    if (!found.is_null() && (is_removed(peer) || is_removed(found))) {
      if (is_removed(found)) found = peer;
      continue;
    }
    if (!found.is_null()) {
      return crdt::Error("several peers are called " + name +
                         "; name the one you mean by its key, as muster peers list shows it");
    }
    found = peer;
  }
  if (found.is_null()) {
    return crdt::Error("no peer is called " + name + "; muster peers list shows who there is");
  }
  if (!found.contains("signing_key")) {
    return crdt::Error(name +
                       " is only in the configurations: take its line out of each, and "
                       "restart");
  }
  return {boost::system::in_place_value, std::move(found)};
}

// A node may have claimed the greatest for itself; a removal counts under any.
std::uint64_t next_version(std::uint64_t version) { return std::max(version + 1, version); }

crdt::Result<gossip::Member> member_of(const Json& peer) {
  const auto node = gossip::public_key_from_hex(peer.at("key").get<std::string>());
  const auto signing = gossip::verify_key_from_hex(peer.at("signing_key").get<std::string>());
  if (!node || !signing) return crdt::Error("the peer's answer holds no keys");
  const std::string state = peer.at("state").get<std::string>();
  return gossip::Member{*node,
                        *signing,
                        peer.at("name").get<std::string>(),
                        peer.at("address").get<std::string>(),
                        peer.at("letter").get<std::string>().at(0),
                        state == "joining"    ? RosterState::kJoining
                        : state == "draining" ? RosterState::kDraining
                                              : RosterState::kActive,
                        next_version(peer.at("version").get<std::uint64_t>())};
}

// What may be lost with a peer whose last changes the asked one may not have; empty where nothing.
std::string may_be_lost(const Json& peer) {
  const std::string name = peer.value("name", "");
  const auto covered = peer["covered"].is_number() ? peer["covered"].get<std::uint64_t>() : 0;
  const auto head = peer["head"].is_number() ? peer["head"].get<std::uint64_t>() : 0;
  if (peer["link"] == "linked") {
    if (covered >= head) return "";
    return plural(head - covered, "change") + " of " + name + " have not come here yet";
  }
  std::string text = name + " is away: what it took after change " + std::to_string(covered) +
                     " of its log may be nowhere else";
  if (head > covered) {
    text +=
        "; it had at least " + plural(head - covered, "more change") + " when it was last heard";
  }
  return text;
}

// The same of the peer that is asked: nobody can ask it afterwards.
std::string may_be_lost_of_asked(const Json& peers, const std::string& name) {
  std::string text = name + " is the very peer that you ask, so it cannot tell you afterwards " +
                     "what the others lack";
  const bool held = std::any_of(peers.begin(), peers.end(), [](const Json& peer) {
    return peer["link"] == "linked" && peer["lag"] == 0;
  });
  if (!held) text += "; at this moment no other peer is known to have all of its changes";
  return text;
}

crdt::Result<void> refuse_loss(const PeersOptions& options, const Json& peers, const Json& peer) {
  const bool asked = peer.value("self", false);
  const std::string loss =
      asked ? may_be_lost_of_asked(peers, peer.value("name", "")) : may_be_lost(peer);
  if (loss.empty()) return {};
  if (options.force) {
    std::cerr << loss << "\n";
    return {};
  }
  return crdt::Error(loss + (asked ? ". Ask another peer to remove it, or use --force"
                                   : ". Wait until it is back and has told the others, or give up "
                                     "what only it has with --force"));
}

crdt::Result<void> refuse_letter(const Json& peers, const gossip::Member& member) {
  for (const Json& peer : peers) {
    const bool self = peer.value("key", "") == gossip::to_hex(member.node_key);
    if (self || is_removed(peer) || peer.value("letter", "") != std::string(1, member.letter)) {
      continue;
    }
    return crdt::Error("the letter " + std::string(1, member.letter) + " belongs to " +
                       peer.value("name", "another peer") + "; choose another");
  }
  return {};
}

// What is to become of a peer: its state, or its letter.
using Turn = std::function<void(gossip::Member&)>;

struct Changed {
  gossip::Member member;
  bool already = false;  // It was removed before.
};

crdt::Result<Changed> change(const PeersOptions& options, AdminClient& client, const Turn& turn) {
  const auto seed = read_operator_key(options.operator_key);
  if (!seed) return seed.error();
  const auto roster = client.ask("GET", "/peers");
  if (!roster) return roster.error();
  const Json& peers = roster->at("peers");
  const auto peer = find(peers, options.name);
  if (!peer) return peer.error();
  const std::string cluster = roster->at("cluster").get<std::string>();
  auto member = member_of(*peer);
  if (!member) return member.error();
  turn(*member);
  const bool removes = member->state == RosterState::kRemoved;
  if (is_removed(*peer)) {
    if (removes) return Changed{*member, true};
    return crdt::Error(member->name + " (" + short_key(member->node_key) +
                       ") was removed, for ever. Its machine may return with a new key: from an "
                       "empty folder, with a new token");
  }
  if (!options.letter.empty()) {
    if (const auto free = refuse_letter(peers, *member); !free) return free.error();
  }
  if (removes) {
    if (const auto kept = refuse_loss(options, peers, *peer); !kept) return kept.error();
  }
  const auto record = to_record(cluster, sign_as_operator(cluster, *member, *seed));
  const auto taken = client.ask("POST", "/peers/entries", {{"entry", crdt::to_hex(record.value)}});
  if (!taken) return taken.error();
  const std::string stands = taken->at("state").get<std::string>();
  if (stands != gossip::name_of(member->state)) {
    return crdt::Error(member->name + " stays " + stands +
                       ": a later entry than the one seen here counts. Try again");
  }
  return Changed{*member, false};
}

void say(const Changed& changed, const PeersOptions& options) {
  const gossip::Member& member = changed.member;
  const std::string& name = member.name;
  if (options.json) {
    std::cout << Json{{"name", name},
                      {"state", gossip::name_of(member.state)},
                      {"letter", std::string(1, member.letter)}}
                     .dump()
              << "\n";
  } else if (changed.already) {
    std::cout << name << " was removed before; nothing was changed\n";
  } else if (!options.letter.empty()) {
    std::cout << "tasks that " << name << " makes from now on have the letter " << member.letter
              << "; those it made keep theirs\n";
  } else if (member.state == RosterState::kRemoved) {
    std::cout << name << " is removed, for ever: every peer that is linked has closed its links "
              << "with it. What it wrote stays. Its machine may return with a new key\n";
  } else if (member.state == RosterState::kDraining) {
    std::cout << name << " drains: its /readyz answers 503, it still takes what reaches it; "
              << "muster peers activate takes this back\n";
  } else {
    std::cout << name << " is active\n";
  }
}

int run_change(const PeersOptions& options, const Turn& turn) {
  auto client = AdminClient::open(options.peer);
  if (!client) return failed(client.error(), kUnusable);
  const auto changed = change(options, *client, turn);
  if (!changed) return failed(changed.error());
  say(*changed, options);
  return kDone;
}

const std::string kKey = " \\\n    --operator-key ~/muster-operator/operator.key";

std::string example(const std::string& line) {
  return "Example:\n  muster peers " + line + " --config /etc/muster/config.json";
}

CLI::App* add_change(CLI::App& peers, Action& action, const std::string& verb,
                     const std::string& help, const std::shared_ptr<PeersOptions>& options,
                     const Turn& turn) {
  CLI::App* command = peers.add_subcommand(verb, help);
  command->add_option("PEER", options->name, "its name, or the beginning of its key")->required();
  add_admin_options(*command, options->peer);
  add_operator_option(*command, options->operator_key);
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(example(verb + (verb == "letter" ? " b x" : " b")) + kKey);
  command->callback([options, turn, &action] {
    require_peer(options->peer);
    action = [options, turn] { return run_change(*options, turn); };
  });
  return command;
}

void add_state(CLI::App& peers, Action& action, const std::string& verb, const std::string& help,
               RosterState state) {
  const auto options = std::make_shared<PeersOptions>();
  const Turn turn = [state](gossip::Member& member) { member.state = state; };
  CLI::App* command = add_change(peers, action, verb, help, options, turn);
  if (state != RosterState::kRemoved) return;
  command->add_flag("--force", options->force, "even where that may lose changes; says which");
}

void add_letter(CLI::App& peers, Action& action) {
  const auto options = std::make_shared<PeersOptions>();
  const Turn turn = [options](gossip::Member& member) { member.letter = options->letter.front(); };
  CLI::App* command = add_change(peers, action, "letter",
                                 "give a peer another letter in task numbers", options, turn);
  command->add_option("LETTER", options->letter, "one that no other peer has")
      ->required()
      ->check([](const std::string& text) {
        const bool letter = text.size() == 1 && text[0] >= 'a' && text[0] <= 'z';
        return letter ? std::string() : std::string("one letter, a to z");
      });
}

}  // namespace

void add_peers(CLI::App& app, Action& action) {
  CLI::App* peers = app.add_subcommand("peers", "who belongs to the cluster, and who is to leave");
  peers->require_subcommand(1);
  auto options = std::make_shared<PeersOptions>();
  CLI::App* listing = peers->add_subcommand("list", "the roster, and how each peer is linked");
  add_admin_options(*listing, options->peer);
  listing->add_flag("--json", options->json, "print the answer as it came");
  listing->footer(example("list"));
  listing->callback([options, &action] {
    require_peer(options->peer);
    action = [options] { return list(*options); };
  });
  add_state(*peers, action, "drain", "send no more traffic to a peer: its /readyz answers 503",
            RosterState::kDraining);
  add_state(*peers, action, "activate", "take a drain back", RosterState::kActive);
  add_letter(*peers, action);
  add_state(*peers, action, "remove", "for ever: no peer links with that key again",
            RosterState::kRemoved);
  peers->footer(example("remove b") + kKey);
}

}  // namespace node::cli

#include "node/cli/peers.h"

#include <algorithm>
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
  bool json = false;
  bool force = false;
};

int failed(const crdt::Error& error, int code = kFailed) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
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
  for (const Json& name : roster->at("waiting")) {
    remarks += "  " + name.get<std::string>() +
               " joined through a peer that is not known here yet; it is not linked until then\n";
  }
  std::cout << "cluster " << roster->at("cluster").get<std::string>() << "\n"
            << draw_rows(rows) << (remarks.empty() ? "" : "\n" + remarks);
  return kDone;
}

// The peer that goes by this name, or whose key begins so.
crdt::Result<Json> find(const Json& peers, const std::string& name) {
  Json found;
  for (const Json& peer : peers) {
    const bool by_key = name.size() >= 8 && peer.value("key", "").starts_with(name);
    if (peer.value("name", "") != name && !by_key) continue;
    if (peer.value("state", "") == "removed" && !by_key) continue;
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
  return gossip::Member{*node,
                        *signing,
                        peer.at("name").get<std::string>(),
                        peer.at("address").get<std::string>(),
                        peer.at("letter").get<std::string>().at(0),
                        RosterState::kActive,
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

crdt::Result<void> refuse_loss(const PeersOptions& options, const Json& peer) {
  const std::string loss = may_be_lost(peer);
  if (loss.empty()) return {};
  if (options.force) {
    std::cerr << loss << "\n";
    return {};
  }
  return crdt::Error(loss +
                     ". Wait until it is back and has told the others, or give up what only "
                     "it has with --force");
}

crdt::Result<std::string> change(const PeersOptions& options, AdminClient& client,
                                 RosterState state) {
  const auto seed = read_operator_key(options.operator_key);
  if (!seed) return seed.error();
  const auto roster = client.ask("GET", "/peers");
  if (!roster) return roster.error();
  const auto peer = find(roster->at("peers"), options.name);
  if (!peer) return peer.error();
  const std::string cluster = roster->at("cluster").get<std::string>();
  const bool self = peer->value("self", false);
  if (state == RosterState::kRemoved && !self) {
    if (const auto kept = refuse_loss(options, *peer); !kept) return kept.error();
  }
  auto member = member_of(*peer);
  if (!member) return member.error();
  member->state = state;
  const auto record = to_record(cluster, sign_as_operator(cluster, *member, *seed));
  const auto taken = client.ask("POST", "/peers/entries", {{"entry", crdt::to_hex(record.value)}});
  if (!taken) return taken.error();
  const std::string stands = taken->at("state").get<std::string>();
  if (stands != gossip::name_of(state)) {
    return crdt::Error(member->name + " stays " + stands +
                       ": removed is for ever, and a later entry than the one seen here counts");
  }
  return {boost::system::in_place_value, member->name};
}

int run_change(const PeersOptions& options, RosterState state) {
  auto client = AdminClient::open(options.peer);
  if (!client) return failed(client.error(), kUnusable);
  const auto name = change(options, *client, state);
  if (!name) return failed(name.error());
  if (options.json) {
    std::cout << Json{{"name", *name}, {"state", gossip::name_of(state)}}.dump() << "\n";
  } else if (state == RosterState::kRemoved) {
    std::cout << *name << " is removed, for ever: every peer that is linked has closed its links "
              << "with it. What it wrote stays. Its machine may return with a new key\n";
  } else if (state == RosterState::kDraining) {
    std::cout << *name << " drains: its /readyz answers 503, it still takes what reaches it; "
              << "muster peers activate takes this back\n";
  } else {
    std::cout << *name << " is active\n";
  }
  return kDone;
}

const std::string kKey = " \\\n    --operator-key ~/muster-operator/operator.key";

std::string example(const std::string& line) {
  return "Example:\n  muster peers " + line + " --config /etc/muster/config.json";
}

CLI::App* add_change(CLI::App& peers, Action& action, const std::string& verb,
                     const std::string& help, RosterState state) {
  auto options = std::make_shared<PeersOptions>();
  CLI::App* command = peers.add_subcommand(verb, help);
  command->add_option("PEER", options->name, "its name, or the beginning of its key")->required();
  add_admin_options(*command, options->peer);
  add_operator_option(*command, options->operator_key);
  command->add_flag("--json", options->json, "print what was done as JSON");
  if (state == RosterState::kRemoved) {
    command->add_flag("--force", options->force, "even where that may lose changes; says which");
  }
  command->footer(example(verb + " b") + kKey);
  command->callback([options, state, &action] {
    require_peer(options->peer);
    action = [options, state] { return run_change(*options, state); };
  });
  return command;
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
  add_change(*peers, action, "drain", "send no more traffic to a peer: its /readyz answers 503",
             RosterState::kDraining);
  add_change(*peers, action, "activate", "take a drain back", RosterState::kActive);
  add_change(*peers, action, "remove", "for ever: no peer links with that key again",
             RosterState::kRemoved);
  peers->footer(example("remove b") + kKey);
}

}  // namespace node::cli

#include "node/cli/invite.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "gossip/token.h"
#include "node/cli/admin_client.h"
#include "node/cli/operator_key.h"
#include "node/clock.h"
#include "node/entropy.h"

namespace node::cli {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kHoursMax = 24 * 30;  // A token is a password: it should not lie around.

struct InviteOptions {
  AdminOptions peer;
  std::string operator_key;
  std::string letter;
  std::uint64_t hours = 24;
};

// The one that the fewest nodes have, those that left included: what people saw keeps its meaning.
char free_letter(const Json& peers) {
  std::map<char, int> taken;
  for (char letter = 'a'; letter <= 'z'; ++letter) taken[letter] = 0;
  for (const Json& peer : peers) {
    const std::string letter = peer.value("letter", "");
    if (!letter.empty()) ++taken[letter.front()];
  }
  return std::min_element(taken.begin(), taken.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

crdt::Result<char> letter_of(const InviteOptions& options, const Json& peers) {
  if (options.letter.empty()) return free_letter(peers);
  const char letter = options.letter.front();
  if (options.letter.size() != 1 || letter < 'a' || letter > 'z') {
    return crdt::Error("--letter takes one letter, a to z");
  }
  for (const Json& peer : peers) {
    if (peer.value("state", "") != "removed" && peer.value("letter", "") == options.letter) {
      return crdt::Error("the letter " + options.letter + " belongs to " +
                         peer.value("name", "another node") + "; choose another, or none");
    }
  }
  return letter;
}

crdt::Result<gossip::Token> make_token(const InviteOptions& options, AdminClient& client) {
  const auto seed = read_operator_key(options.operator_key);
  if (!seed) return seed.error();
  const auto roster = client.ask("GET", "/peers");
  if (!roster) return roster.error();
  const Json operators = roster->at("operators");
  const std::string own = gossip::to_hex(verify_key_of(*seed));
  if (std::find(operators.begin(), operators.end(), own) == operators.end()) {
    return crdt::Error("this key is no operator of the cluster " +
                       roster->at("cluster").get<std::string>());
  }
  const auto letter = letter_of(options, roster->at("peers"));
  if (!letter) return letter.error();
  crdt::Rng rng(seed_from_system());
  gossip::Token token;
  token.cluster = roster->at("cluster").get<std::string>();
  token.seed = gossip::draw_signing_seed(rng);
  gossip::TokenId id;
  rng.fill(id);
  token.permit =
      make_permit(token.cluster, *seed, id, read_clock().wall + std::chrono::hours(options.hours),
                  *letter, verify_key_of(token.seed));
  const Json body{{"token", crdt::to_hex(gossip::view_of(id))}};
  const auto given = client.ask("POST", "/peers/invite", body);
  if (!given) return given.error();
  const auto key = gossip::private_key_from_hex(given->at("key").get<std::string>());
  if (!key) return key.error();
  token.pre_shared_key.bytes = key->bytes;
  for (const Json& sponsor : given->at("sponsors")) {
    const auto identity = gossip::public_key_from_hex(sponsor.at("key").get<std::string>());
    if (!identity) return identity.error();
    token.sponsors.push_back({sponsor.at("address").get<std::string>(), *identity});
  }
  return token;
}

int invite(const InviteOptions& options) {
  auto client = AdminClient::open(options.peer);
  if (!client) {
    std::cerr << "muster: " << client.error().message << "\n";
    return kUnusable;
  }
  const auto token = make_token(options, *client);
  if (!token) {
    std::cerr << "muster: " << token.error().message << "\n";
    return kFailed;
  }
  std::cout << gossip::exposed_text(*token) << "\n";
  std::cerr << "one node may join " << token->cluster << " with this token, within "
            << options.hours << " h, as " << token->permit.letter
            << " in task numbers; keep it as you keep a password. On the new machine:\n"
            << "  muster join TOKEN --dir /etc/muster\n";
  return kDone;
}

}  // namespace

void add_invite(CLI::App& app, Action& action) {
  auto options = std::make_shared<InviteOptions>();
  CLI::App* command =
      app.add_subcommand("invite", "print a token with which one new node may join, once");
  add_admin_options(*command, options->peer);
  add_operator_option(*command, options->operator_key);
  command->add_option("--letter", options->letter,
                      "the node's letter in task numbers; default: one that nobody has");
  command->add_option("--hours", options->hours, "until the token expires; default 24")
      ->check(CLI::Range(std::uint64_t{1}, kHoursMax));
  command->footer(
      "Example:\n  muster invite --config /etc/muster/config.json \\\n"
      "    --operator-key ~/muster-operator/operator.key");
  command->callback([options, &action] {
    require_peer(options->peer);
    action = [options] { return invite(*options); };
  });
}

}  // namespace node::cli

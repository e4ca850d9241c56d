#include "node/cli/invite.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <string>

#include "gossip/invitation.h"
#include "gossip/token.h"
#include "node/cli/admin_client.h"
#include "node/cli/operator_key.h"
#include "node/clock.h"
#include "node/entropy.h"

namespace node::cli {
namespace {

using Json = nlohmann::json;

constexpr int kAttempts = 3;                  // Of operators who invite at the same moment.
constexpr std::size_t kIdCharsMin = 4;        // Of a token's id: enough to be meant.
constexpr std::uint64_t kHoursMax = 24 * 30;  // A token is a password: it should not lie around.

struct InviteOptions {
  AdminOptions peer;
  std::string operator_key;
  std::string letter;
  std::string withdraw;
  std::uint64_t hours = 24;
  bool json = false;
};

// The letter that was asked for, or one that is free.
crdt::Result<char> letter_of(const InviteOptions& options, const Json& roster) {
  const std::string letter =
      options.letter.empty() ? roster.at("free_letter").get<std::string>() : options.letter;
  if (letter.size() == 1 && letter[0] >= 'a' && letter[0] <= 'z') return letter[0];
  return crdt::Error("--letter takes one letter, a to z");
}

// What the peer knows, where this key may speak for its cluster.
crdt::Result<Json> roster_for(const gossip::SigningSeed& seed, AdminClient& client) {
  auto roster = client.ask("GET", "/peers");
  if (!roster) return roster;
  const Json& operators = roster->at("operators");
  const std::string cluster = roster->at("cluster").get<std::string>();
  if (operators.empty()) {
    return crdt::Error("the cluster " + cluster +
                       " has no operator, so nobody can join it: its configurations list who "
                       "belongs to it. Add the node to peers.list of each (muster init prints the "
                       "line)");
  }
  const std::string own = gossip::to_hex(verify_key_of(seed));
  if (std::find(operators.begin(), operators.end(), own) == operators.end()) {
    return crdt::Error("this key is no operator of the cluster " + cluster);
  }
  return roster;
}

// All but what the peer adds.
crdt::Result<gossip::Token> draw_token(const InviteOptions& options,
                                       const gossip::SigningSeed& seed, const Json& roster) {
  const auto letter = letter_of(options, roster);
  if (!letter) return letter.error();
  crdt::Rng rng(seed_from_system());
  gossip::Token token;
  token.cluster = roster.at("cluster").get<std::string>();
  token.seed = gossip::draw_signing_seed(rng);
  std::set<gossip::VerifyKey> operators;
  for (const Json& hex : roster.at("operators")) {
    const auto key = gossip::verify_key_from_hex(hex.get<std::string>());
    if (!key) return key.error();
    operators.insert(*key);
  }
  token.operators = gossip::hash_of(operators);
  gossip::TokenId id;
  rng.fill(id);
  token.permit =
      make_permit(token.cluster, seed, id, read_clock().wall + std::chrono::hours(options.hours),
                  *letter, verify_key_of(token.seed));
  return token;
}

crdt::Result<void> complete(gossip::Token& token, const Json& given) {
  const auto key = gossip::private_key_from_hex(given.at("key").get<std::string>());
  if (!key) return key.error();
  token.pre_shared_key.bytes = key->bytes;
  for (const Json& sponsor : given.at("sponsors")) {
    const auto identity = gossip::public_key_from_hex(sponsor.at("key").get<std::string>());
    if (!identity) return identity.error();
    token.sponsors.push_back({sponsor.at("address").get<std::string>(), *identity});
  }
  return {};
}

crdt::Result<gossip::Token> make_token(const InviteOptions& options, AdminClient& client) {
  const auto seed = read_operator_key(options.operator_key);
  if (!seed) return seed.error();
  crdt::Error refusal("the peer gave every free letter away meanwhile; try again");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto roster = roster_for(*seed, client);
    if (!roster) return roster.error();
    auto token = draw_token(options, *seed, *roster);
    if (!token) return token.error();
    const Json body{{"permit", crdt::to_hex(encode(token->permit))}};
    const auto answer = client.call("POST", "/peers/invite", body);
    if (!answer) return answer.error();
    if (answer->status == 200) {
      const auto completed = complete(*token, Json::parse(answer->body));
      if (!completed) return completed.error();
      return token;
    }
    refusal = refusal_in(*answer);
    // Another invitation took the letter between the question and the answer.
    const bool again = answer->status == 409 && options.letter.empty();
    if (!again) break;
  }
  return refusal;
}

int fail(const crdt::Error& error, int code = kFailed) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

// Of a whole token, or of the beginning of the id of one that the peer knows.
crdt::Result<gossip::TokenId> id_of(const std::string& text, const Json& roster) {
  if (const auto token = gossip::token_from_text(text)) return token->permit.id;
  std::string found;
  for (const Json& invitation : roster.at("invitations")) {
    const std::string id = invitation.at("token").get<std::string>();
    if (text.size() < kIdCharsMin || !id.starts_with(text)) continue;
    if (!found.empty())
      return crdt::Error("several tokens begin with " + text + "; give more of it");
    found = id;
  }
  gossip::TokenId id;
  const crdt::Bytes octets = crdt::from_hex(found);
  if (octets.size() != id.size()) {
    return crdt::Error(
        "that is no token that can still be used; muster peers list shows the ids of those that "
        "can, and a whole token will do, too");
  }
  std::copy(octets.begin(), octets.end(), id.begin());
  return id;
}

crdt::Result<void> withdraw(const InviteOptions& options, AdminClient& client) {
  const auto seed = read_operator_key(options.operator_key);
  if (!seed) return seed.error();
  const auto roster = roster_for(*seed, client);
  if (!roster) return roster.error();
  const auto id = id_of(options.withdraw, *roster);
  if (!id) return id.error();
  const std::string cluster = roster->at("cluster").get<std::string>();
  const auto record = to_record(cluster, gossip::withdraw(cluster, *seed, *id));
  const auto taken =
      client.ask("POST", "/peers/withdraw", {{"withdrawal", crdt::to_hex(record.value)}});
  if (!taken) return taken.error();
  for (const Json& name : taken->at("used_by")) {
    return crdt::Error(name.get<std::string>() +
                       " has joined with this token already; muster peers remove ends that");
  }
  if (options.json) {
    std::cout << Json{{"withdrawn", crdt::to_hex(gossip::view_of(*id))}}.dump(2) << "\n";
  } else {
    std::cout << "the token " << gossip::short_id(*id) << " lets nobody in any more\n";
  }
  return {};
}

int invite(const InviteOptions& options) {
  auto client = AdminClient::open(options.peer);
  if (!client) return fail(client.error(), kUnusable);
  if (!options.withdraw.empty()) {
    const auto withdrawn = withdraw(options, *client);
    return withdrawn ? kDone : fail(withdrawn.error());
  }
  const auto token = make_token(options, *client);
  if (!token) return fail(token.error());
  if (options.json) {
    const Json made{{"token", gossip::exposed_text(*token)},
                    {"id", crdt::to_hex(gossip::view_of(token->permit.id))},
                    {"cluster", token->cluster},
                    {"letter", std::string(1, token->permit.letter)},
                    {"expires_in_s", options.hours * 3'600}};
    std::cout << made.dump(2) << "\n";
    return kDone;
  }
  std::cout << gossip::exposed_text(*token) << "\n";
  std::cerr << "one node may join " << token->cluster << " with this token, within "
            << options.hours << " h, as " << token->permit.letter
            << " in task numbers; keep it as you keep a password. On the new machine:\n"
            << "  muster join TOKEN --dir /etc/muster\n"
            << "To take it back: muster invite --withdraw " << gossip::short_id(token->permit.id)
            << " ...\n";
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
  command->add_option("--withdraw", options->withdraw,
                      "instead: let nobody in with this token any more (all of it, or its id)");
  command->add_option("--hours", options->hours, "until the token expires; default 24")
      ->check(CLI::Range(std::uint64_t{1}, kHoursMax));
  command->add_flag("--json", options->json, "the token and whose it will be, as JSON");
  command->footer(
      "Invite as many as you like at once: each token promises another letter. muster peers list\n"
      "shows those that can still be used.\n\n"
      "Example:\n  muster invite --config /etc/muster/config.json \\\n"
      "    --operator-key ~/muster-operator/operator.key");
  command->callback([options, &action] {
    require_peer(options->peer);
    action = [options] { return invite(*options); };
  });
}

}  // namespace node::cli

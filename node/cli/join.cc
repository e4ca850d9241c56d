#include "node/cli/join.h"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gossip/join.h"
#include "node/cli/join_folder.h"
#include "node/entropy.h"
#include "node/host_port.h"

namespace node::cli {
namespace {

constexpr std::chrono::seconds kAnswerWithin{5};  // The sponsor gives up after as long.

struct JoinOptions {
  std::string token;
  std::string dir;
  std::string name;
  std::string address;
  Listens listens;
  bool json = false;
};

crdt::Error unreachable(const gossip::Sponsor& sponsor, const std::string& why) {
  return crdt::Error("no answer from " + sponsor.address + " (" + why + ")");
}

// One sponsor's answer. An Error where it gave none; `folder` is kept where it may have taken the
// request all the same.
crdt::Result<gossip::JoinAnswer> ask(const gossip::Token& token, const gossip::Sponsor& sponsor,
                                     const gossip::PrivateKey& identity,
                                     const gossip::JoinRequest& request, JoinFolder& folder) {
  const auto target = parse_host_port(sponsor.address);
  if (!target) return target.error();
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(kAnswerWithin);
  stream.connect(target->host, std::to_string(target->port));
  if (!stream) return unreachable(sponsor, stream.error().message());
  crdt::Rng rng(seed_from_system());
  gossip::Joiner joiner(token, sponsor, identity, request, rng);
  stream << joiner.start() << std::flush;
  std::array<char, 4096> piece{};
  while (!joiner.answer()) {
    if (stream.peek() == std::char_traits<char>::eof()) {
      if (joiner.asked()) folder.keep();
      const bool closed = stream.error() == boost::asio::error::eof;
      return unreachable(sponsor, closed ? "it closed the link: it may be of another cluster, or "
                                           "the token is not for this cluster any more"
                                         : stream.error().message());
    }
    const auto size = stream.readsome(piece.data(), piece.size());
    const auto next = joiner.receive({piece.data(), static_cast<std::size_t>(size)});
    if (!next) {
      return unreachable(sponsor,
                         "it did not prove the key that the token names: " + next.error().message);
    }
    stream << *next << std::flush;
  }
  return *joiner.answer();
}

// The first answer of any sponsor: a refusal is one, too.
crdt::Result<gossip::JoinAnswer> ask_all(const gossip::Token& token,
                                         const gossip::PrivateKey& identity,
                                         const gossip::JoinRequest& request, JoinFolder& folder) {
  std::string failures;
  for (const gossip::Sponsor& sponsor : token.sponsors) {
    auto answer = ask(token, sponsor, identity, request, folder);
    if (answer) return answer;
    failures += (failures.empty() ? "" : "; ") + answer.error().message;
  }
  return crdt::Error(failures +
                     ". The token is still good: try again when a peer that it names "
                     "can be reached, or ask for a new one");
}

crdt::Result<gossip::Token> read_token(const std::string& text) {
  if (text != "-") return gossip::token_from_text(text);
  std::string line;
  std::getline(std::cin, line);
  return gossip::token_from_text(line);
}

gossip::JoinRequest request_of(const gossip::Token& token, const NodeFiles& files) {
  gossip::JoinRequest request;
  request.permit = token.permit;
  request.member = {public_key_of(files.identity),
                    verify_key_of(signing_seed_of(files.identity)),
                    files.name,
                    files.address,
                    files.letter,
                    gossip::RosterState::kJoining,
                    1};
  request.joiner = sign_with_token(token.cluster, request.member, token.seed);
  return request;
}

// What the folder is to hold of the answer.
void take(gossip::JoinAnswer answer, NodeFiles& files) {
  Membership membership;
  membership.operators.insert(answer.operators.begin(), answer.operators.end());
  membership.entries = std::move(answer.entries);
  files.membership = std::move(membership);
  files.cluster_secret = answer.cluster_secret;
  files.signing_secret = std::move(answer.secrets);
}

// What the options say.
crdt::Result<NodeFiles> files_of(const JoinOptions& options, const gossip::Token& token) {
  NodeFiles files;
  files.dir = options.dir;
  files.name = options.name.empty() ? default_name() : options.name;
  files.cluster = token.cluster;
  files.letter = token.permit.letter;
  files.listens = options.listens;
  files.address =
      options.address.empty() ? default_address(options.listens.peers) : options.address;
  const auto good = check_names(files.name, files.cluster, files.listens);
  if (!good) return good.error();
  if (const auto address = parse_host_port(files.address); !address) return address.error();
  return files;
}

void print_json(const NodeFiles& files) {
  const nlohmann::json joined{{"name", files.name},
                              {"cluster", files.cluster},
                              {"letter", std::string(1, files.letter)},
                              {"address", files.address},
                              {"public_key", gossip::to_hex(gossip::public_key_of(files.identity))},
                              {"config", files.dir + "/config.json"}};
  std::cout << joined.dump(2) << "\n";
}

crdt::Result<void> join(const JoinOptions& options) {
  const auto token = read_token(options.token);
  if (!token) return token.error();
  auto files = files_of(options, *token);
  if (!files) return files.error();
  JoinFolder folder(options.dir);
  const auto identity = folder.open();
  if (!identity) return identity.error();
  files->identity = *identity;
  auto answer = ask_all(*token, files->identity, request_of(*token, *files), folder);
  if (!answer) return answer.error();
  if (const auto fault = fault_of(*token, *answer)) return *fault;
  folder.keep();
  take(std::move(*answer), *files);
  if (const auto written = folder.finish(*files); !written) return written;
  if (options.json) {
    print_json(*files);
    return {};
  }
  std::cout << files->name << " is a member of " << files->cluster << ", at " << files->address
            << "\n\nnext:\n  muster serve --config " << files->dir << "/config.json\n";
  return {};
}

int run(const JoinOptions& options) {
  const auto joined = join(options);
  if (joined) return kDone;
  std::cerr << "muster: " << joined.error().message << "\n";
  return kFailed;
}

}  // namespace

void add_join(CLI::App& app, Action& action) {
  auto options = std::make_shared<JoinOptions>();
  CLI::App* command =
      app.add_subcommand("join", "make this machine a member of a cluster, with a token");
  command->add_option("TOKEN", options->token, "from muster invite; - reads it from stdin")
      ->required();
  command->add_option("--dir", options->dir, "where the node's files go; never overwrites any")
      ->required();
  command->add_option("--name", options->name, "what operators call it; default: this host's name");
  command->add_option("--address", options->address,
                      "where other nodes reach it; default: this host's name and the port");
  command->add_option("--listen", options->listens.peers, "for peers; default 0.0.0.0:7100");
  command->add_option("--slack-listen", options->listens.slack, "default 127.0.0.1:8080");
  command->add_option("--admin-listen", options->listens.admin, "default 127.0.0.1:8081");
  command->add_flag("--json", options->json, "what the node is now, as JSON");
  command->footer(
      "What it makes: the node's own keys and configuration, and what its sponsor gives it: the\n"
      "roster, the cluster's secret and Slack's signing secret. If it is interrupted, run it\n"
      "again: the folder's key stays the one that the token is for. What is refused leaves\n"
      "nothing behind.\n\n"
      "Example:\n  muster join muster-join-1.AbC... --dir /etc/muster");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli

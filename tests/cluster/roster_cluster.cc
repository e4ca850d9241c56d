#include "tests/cluster/roster_cluster.h"

#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "crdt/check.h"
#include "node/cli/admin_client.h"
#include "node/cli/loopback_port.h"
#include "node/cli/operator_key.h"
#include "node/clock.h"
#include "node/host_port.h"
#include "node/http_client.h"
#include "node/text_file.h"

namespace tests {

using nlohmann::json;

RosterCluster::RosterCluster() {
  const Ran made = muster({"init", "--name", "a", "--cluster", "test", "--dir", dir("a"),
                           "--operator-dir", dir("operator"), "--listen", node("a").peers,
                           "--slack-listen", node("a").slack, "--admin-listen", node("a").admin});
  CHECK(made.code == 0);
  std::ofstream(dir("a") + "/signing-secret") << kSigningSecret << "\n";
  ::chmod((dir("a") + "/signing-secret").c_str(), 0600);
}

Ran RosterCluster::muster(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MUSTER_BINARY);
  Process process(arguments);
  process.end_input();
  const int code = process.finish();
  return {code, process.output()};
}

Ran RosterCluster::operate(std::vector<std::string> arguments) {
  const std::vector<std::string> as_operator = {
      "--config", dir("a") + "/config.json", "--operator-key", dir("operator") + "/operator.key"};
  arguments.insert(arguments.end(), as_operator.begin(), as_operator.end());
  return muster(std::move(arguments));
}

std::string RosterCluster::invite() {
  const Ran invited = operate({"invite"});
  const std::size_t at = invited.output.find("muster-join-1.");
  if (invited.code != 0 || at == std::string::npos) return "FAILED: " + invited.output;
  return invited.output.substr(at, invited.output.find_first_of(" \n", at) - at);
}

Ran RosterCluster::join(const std::string& name, const std::string& token) {
  return muster({"join", token, "--dir", dir(name), "--name", name, "--listen", node(name).peers,
                 "--slack-listen", node(name).slack, "--admin-listen", node(name).admin});
}

bool RosterCluster::serve(const std::string& name) {
  running_.erase(name);
  auto process = std::make_unique<Process>(
      std::vector<std::string>{MUSTER_BINARY, "serve", "--config", dir(name) + "/config.json"});
  const bool ready = process->read_until("ready slack=");
  running_[name] = std::move(process);
  return ready;
}

bool RosterCluster::stop(const std::string& name) {
  signal(name, SIGTERM);
  const bool done = running_.at(name)->finish() == 0;
  running_.erase(name);
  return done;
}

void RosterCluster::configure(const std::string& name, const std::string& place,
                              const json& value) {
  const std::string path = dir(name) + "/config.json";
  json config = json::parse(node::read_text_file(path).value().text);
  config[json::json_pointer(place)] = value;
  std::ofstream(path) << config.dump(2) << "\n";
}

gossip::SigningSeed RosterCluster::operator_seed() const {
  return node::cli::read_operator_key(dir("operator") + "/operator.key").value();
}

gossip::Token RosterCluster::forge(const std::string& cluster, const gossip::SigningSeed& signer,
                                   std::chrono::seconds valid) const {
  const std::string hex = node::read_text_file(dir("a") + "/cluster-secret").value().text;
  gossip::PreSharedKey secret;
  secret.bytes = gossip::private_key_from_hex(hex.substr(0, 64)).value().bytes;
  const std::string own = node::read_text_file(dir("a") + "/identity.key").value().text;
  gossip::Token token;
  token.cluster = cluster;
  token.seed.bytes.fill(42);
  gossip::TokenId id{};
  id.fill(static_cast<std::uint8_t>(valid.count() & 0xff));
  token.permit = make_permit(cluster, signer, id, node::read_clock().wall + valid, 'z',
                             verify_key_of(token.seed));
  token.pre_shared_key = gossip::joining_key(secret, id);
  token.sponsors = {{nodes_.at("a").peers,
                     public_key_of(gossip::private_key_from_hex(own.substr(0, 64)).value())}};
  return token;
}

std::string RosterCluster::say(const std::string& name, const std::string& text) {
  return muster({"slack", "--url", "http://" + node(name).slack, "--secret-file",
                 dir("a") + "/signing-secret", "--user", "U1", "--channel", "C1", "/ir " + text})
      .output;
}

std::string RosterCluster::get(const std::string& name, const std::string& target) const {
  const auto address = node::parse_host_port(nodes_.at(name).admin).value();
  const auto answer = node::HttpClient(address.host, address.port, std::chrono::seconds(5))
                          .call({"GET", target, {}, {}});
  return answer ? answer->body : "FAILED: " + answer.error().message;
}

json RosterCluster::peers(const std::string& at) {
  const Ran listed = muster({"peers", "list", "--json", "--config", dir(at) + "/config.json"});
  return listed.code == 0 ? json::parse(listed.output, nullptr, false) : json();
}

std::uint16_t RosterCluster::slack_port(const std::string& name) {
  return node::parse_host_port(node(name).slack).value().port;
}

crdt::Result<node::cli::PeerStatus> RosterCluster::status(const std::string& name) const {
  node::cli::AdminOptions options;
  options.config = dir(name) + "/config.json";
  auto client = node::cli::AdminClient::open(options);
  if (!client) return client.error();
  const auto answer = client->call("GET", "/status");
  if (!answer) return answer.error();
  if (answer->status != 200) return node::cli::refusal_in(*answer);
  return node::cli::parse_peer_status(answer->body);
}

crdt::Result<std::string> RosterCluster::settle(const std::vector<std::string>& names) const {
  std::string hash;
  std::string obstacle;
  const bool settled = eventually([&] {
    hash.clear();
    for (const std::string& name : names) {
      const auto seen = status(name);
      obstacle = seen ? name + " and " + names.front() + " differ" : seen.error().message;
      if (!seen) return false;
      if (hash.empty()) hash = seen->state_hash;
      if (hash != seen->state_hash) return false;
    }
    return true;
  });
  if (settled) return {boost::system::in_place_value, std::move(hash)};
  return crdt::Error("the peers did not become equal: " + obstacle);
}

int RosterCluster::linked(const std::string& at) {
  const json roster = peers(at);
  if (!roster.is_object()) return -1;
  int count = 0;
  for (const json& peer : roster["peers"]) count += peer["link"] == "linked" ? 1 : 0;
  return count;
}

bool RosterCluster::eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + Process::kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // Between two looks.
  }
  return true;
}

RosterCluster::Node& RosterCluster::node(const std::string& name) {
  const auto [found, fresh] = nodes_.try_emplace(name);
  if (fresh) {
    const auto ports = node::cli::free_loopback_ports(3).value();
    found->second = {node::cli::loopback_address(ports[0]), node::cli::loopback_address(ports[1]),
                     node::cli::loopback_address(ports[2])};
  }
  return found->second;
}

}  // namespace tests

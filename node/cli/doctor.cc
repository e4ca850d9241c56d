#include "node/cli/doctor.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "node/cli/admin_client.h"
#include "node/cli/doctor_findings.h"
#include "node/cli/doctor_probe.h"
#include "node/config.h"
#include "node/local_access.h"
#include "node/log.h"
#include "node/replica_version.h"
#include "node/system_facts.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kProbePatience{3};  // For each peer that is not linked.

struct DoctorOptions {
  AdminOptions admin;
  bool json = false;
};

// One look at one peer: what was found, and at what was looked.
class Examination {
 public:
  explicit Examination(const DoctorOptions& options) : options_(options) {}

  void run() {
    look_at_config();
    look_at_files();
    look_at_peer();
    if (status_.is_object()) {
      look_at_status();
      look_at_links();
    } else if (!blind_) {
      look_at_what_is_stopped();
    }
  }

  // Why nothing can be said; empty where something can.
  [[nodiscard]] const std::optional<crdt::Error>& blind() const { return blind_; }

  [[nodiscard]] Json to_json() const {
    Json found = Json::array();
    for (const Finding& finding : findings_) {
      found.push_back({{"name", finding.name}, {"what", finding.what}, {"todo", finding.todo}});
    }
    return {{"peer", name()},
            {"running", status_.is_object()},
            {"healthy", findings_.empty()},
            {"findings", std::move(found)},
            {"looked_at", looked_at_}};
  }

  [[nodiscard]] std::string to_text() const {
    const std::size_t count = findings_.size();
    std::string out = count == 0   ? name() + ": nothing is wrong.\n"
                      : count == 1 ? name() + ": one thing is wrong.\n"
                                   : name() + ": " + std::to_string(count) + " things are wrong.\n";
    for (std::size_t i = 0; i < count; ++i) {
      const Finding& finding = findings_[i];
      out += "\n" + std::to_string(i + 1) + ". " + finding.name + "\n   " + finding.what +
             "\n   Do: " + finding.todo + "\n";
    }
    out += "\nlooked at: ";
    for (const std::string& part : looked_at_)
      out += (&part == looked_at_.data() ? "" : ", ") + part;
    return out + "\n";
  }

  [[nodiscard]] bool healthy() const { return findings_.empty(); }

 private:
  [[nodiscard]] std::string name() const {
    if (status_.is_object() && status_.contains("name") && status_["name"].is_string()) {
      return escape_control(status_["name"].get<std::string>());
    }
    return config_ ? config_->replica.name : "this peer";
  }

  void find(std::string finding, std::string what, std::string todo) {
    findings_.push_back({std::move(finding), std::move(what), std::move(todo)});
  }

  void take(std::vector<Finding> findings) {
    for (Finding& finding : findings) findings_.push_back(std::move(finding));
  }

  void look_at_config() {
    data_dir_ = options_.admin.data;
    const std::string& path = options_.admin.config;
    if (path.empty()) return;
    if (const auto file = read_text_file(path); !file) {
      blind_ = file.error();
      return;
    }
    looked_at_.emplace_back("configuration");
    if (auto config = load_config(path)) {
      config_ = std::move(*config);
      data_dir_ = config_->data_dir;
      return;
    } else {
      find("bad-configuration", config.error().message,
           "correct the file; a peer that is started with it refuses to run");
    }
    if (const auto dir = data_dir_in(path)) data_dir_ = *dir;
  }

  void look_at_files() {
    if (config_) {
      for (const std::string& warning : config_->warnings) {
        find("exposed-secret", warning.substr(0, warning.find("; ")),
             warning.find("; ") == std::string::npos ? "chmod 600 it"
                                                     : warning.substr(warning.find("; ") + 2));
      }
    }
    if (data_dir_.empty()) return;
    looked_at_.emplace_back("secrets' permissions");
    for (const std::string& file :
         {operator_token_file(data_dir_), reader_token_file(data_dir_), data_dir_ + "/data.mdb"}) {
      struct stat info {};
      if (::stat(file.c_str(), &info) != 0 || (info.st_mode & (S_IROTH | S_IWOTH)) == 0) continue;
      find("exposed-secret", "every user of this machine can read " + file, "chmod 600 " + file);
    }
    look_at_disk();
  }

  // By itself where the peer does not say.
  void look_at_disk() {
    const DiskSpace disk = disk_space_of(data_dir_);
    if (disk.bytes == 0) return;
    looked_at_.emplace_back("disk");
    disk_ = judge_disk(disk.free_bytes, disk.bytes, config_ ? config_->disk_reserve_bytes : 0,
                       data_dir_);
  }

  void look_at_peer() {
    if (blind_) return;
    auto client = AdminClient::open(options_.admin);
    if (!client) {
      unreached_ = client.error();
      if (options_.admin.config.empty() && data_dir_.empty()) blind_ = client.error();
      return;
    }
    const auto answer = client->call("GET", "/status");
    if (!answer) {
      unreached_ = answer.error();
    } else if (answer->status != 200) {
      refused(*client, refusal_in(*answer));
    } else {
      status_ = Json::parse(answer->body, nullptr, false);
      if (!status_.is_object()) refused(*client, crdt::Error("what answers there is no peer"));
    }
  }

  // By this peer, or by somebody who has taken its port meanwhile.
  void refused(const AdminClient& client, crdt::Error why) {
    if (data_dir_.empty() || !holder_of_store(data_dir_).empty()) {
      blind_ = std::move(why);
    } else {
      unreached_ = crdt::Error("something else answers at its address " + client.address());
    }
  }

  void look_at_what_is_stopped() {
    looked_at_.emplace_back("store");
    const std::string holder = data_dir_.empty() ? "" : holder_of_store(data_dir_);
    std::error_code unknown;
    const bool stored = !data_dir_.empty() && fs::exists(data_dir_ + "/data.mdb", unknown);
    if (!holder.empty()) {
      find("locked-store",
           "the store in " + data_dir_ + " is open in " + holder +
               ", which does not answer as this peer: " + unreached_.message,
           "see what it is (ps -p PID). If it is a peer that hangs, stop it; if it is another "
           "peer's, give each peer a data_dir of its own");
    } else {
      find("not-running", "the peer does not run: " + unreached_.message,
           "start it: muster serve --config FILE (or systemctl start muster); its log says why "
           "it ended");
    }
    if (!stored && !data_dir_.empty()) {
      find("no-store", "there is no store in " + data_dir_,
           "if this peer never ran, nothing: the first start makes one. Else look where its files "
           "went (is the disk mounted?) before you start it, or restore a backup");
    }
    take(disk_);
    if (holder.empty()) look_at_ports();
    look_at_limits();
  }

  void look_at_ports() {
    if (!config_) return;
    looked_at_.emplace_back("ports");
    for (const std::string& address :
         {config_->slack_listen, config_->admin_listen, config_->peers_listen}) {
      const std::string why = why_no_listener(address);
      if (why.empty()) continue;
      find("port-taken", why,
           "see who listens there (ss -ltnp), stop that or give this peer another address");
    }
  }

  void look_at_limits() {
    if (!config_) return;
    looked_at_.emplace_back("descriptors");
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    take(judge_descriptors(0, limit.rlim_max, config_->connections_max));  // serve takes them all.
  }

  void look_at_status() {
    for (const char* part : {"Slack's signatures", "clock", "store", "versions"}) {
      looked_at_.emplace_back(part);
    }
    take(judge_status(status_, "muster " + std::string(kVersion)));
    const Json system = status_.value("system", Json::object());
    if (!config_ || !system.contains("descriptors_max")) return;
    looked_at_.emplace_back("descriptors");
    take(judge_descriptors(system.value("descriptors", std::uint64_t{0}),
                           system.value("descriptors_max", std::uint64_t{0}),
                           config_->connections_max));
  }

  void look_at_links() {
    if (status_.value("member_state", "") == "removed") return;  // Nobody links with it.
    const Json peers = status_.value("peers", Json::array());
    looked_at_.push_back("links with " + std::to_string(peers.size()) +
                         (peers.size() == 1 ? " peer" : " peers"));
    for (const Json& peer : peers) {
      if (!peer.is_object() || peer.value("state", "") == "linked") continue;
      look_at_link(peer);
    }
  }

  void look_at_link(const Json& peer) {
    const std::string name = escape_control(peer.value("name", ""));
    const std::string address = peer.value("address", "");
    std::optional<gossip::PublicKey> key;
    if (const auto told = gossip::public_key_from_hex(peer.value("public_key", ""))) key = *told;
    const std::string where = name + " at " + escape_control(address);
    if (!config_ || address.empty()) {
      return find("unreachable-peer", "there is no link with " + where,
                  "run the doctor with --config, so that it can try that peer");
    }
    const std::string& cluster = config_->replica.gossip.cluster;
    judge_probe(where, name, probe_peer(address, cluster, key, kProbePatience));
  }

  // Where the address of a peer stands, and its key: in the roster, or in each configuration.
  [[nodiscard]] bool has_roster() const { return !status_.value("member_state", "").empty(); }

  void judge_probe(const std::string& where, const std::string& name, const PeerProbe& probe) {
    using Reached = PeerProbe::Reached;
    const std::string no_link = "there is no link with " + where;
    switch (probe.reached) {
      case Reached::kNobody:
        return find(
            "unreachable-peer", no_link + ": a connection fails: " + probe.detail,
            "see that " + name + " runs, that " +
                (has_roster() ? "muster peers list" : "peers.list") +
                " has its address, and that no firewall lies between" +
                (has_roster() ? "; where it never comes back, muster peers remove " + name : ""));
      case Reached::kSilent:
        return find("unreachable-peer", no_link + ": the connection stands, but " + probe.detail,
                    "see what listens there: it is no peer, or one that hangs");
      case Reached::kOtherCluster:
        return find("other-cluster",
                    no_link + ": what answers there is no peer of cluster \"" +
                        config_->replica.gossip.cluster + "\" that speaks this version's protocol",
                    "compare peers.cluster in both configurations and muster --version on both "
                    "machines, and see that the address is " +
                        name + "'s");
      case Reached::kOtherKey:
        return find("other-key", no_link + ": what answers there has another key, " + probe.detail,
                    has_roster()
                        ? "the address leads to another peer, or " + name +
                              " was set up anew: then it needs a token of its own (muster invite, "
                              "muster join), and its old entry goes with muster peers remove " +
                              name
                        : "if " + name +
                              " was set up anew, put this key into its public_key in peers.list; "
                              "else the address leads to another peer");
      case Reached::kPeer:
        return find(
            "refused-link", no_link + ", although it answers there and proves its key",
            "see that " + name +
                (has_roster() ? " knows this peer (muster peers list there)"
                              : " lists this peer with the right public_key") +
                ", and reaches this one's peers.listen: of two peers, the one with the smaller key "
                "dials");
    }
  }

  const DoctorOptions& options_;
  std::optional<Config> config_;
  std::string data_dir_;
  Json status_;
  crdt::Error unreached_;
  std::optional<crdt::Error> blind_;
  std::vector<Finding> disk_;
  std::vector<Finding> findings_;
  std::vector<std::string> looked_at_;
};

int doctor(const DoctorOptions& options) {
  Examination examination(options);
  examination.run();
  if (examination.blind()) {
    std::cerr << "muster: cannot look: " << examination.blind()->message << "\n";
    return kUnusable;
  }
  if (options.json) {
    std::cout << examination.to_json().dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << examination.to_text();
  }
  return examination.healthy() ? kDone : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "find out what is wrong with a peer, and what to do");
  add_admin_options(*command, options->admin);
  command->add_flag("--json", options->json, "findings as JSON, for programs");
  command->footer(
      "Run it on the peer's machine with --config: then it can look at files and ports and try\n"
      "the other peers, too. The peer may be stopped.\n"
      "Exit code 0: nothing is wrong. 1: something is. 2: it could not look.\n"
      "Example:\n  muster doctor --config /etc/muster/config.json");
  command->callback([options, &action] {
    require_peer(options->admin);
    action = [options] { return doctor(*options); };
  });
}

}  // namespace node::cli

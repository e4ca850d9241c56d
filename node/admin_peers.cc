#include "node/admin_peers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "gossip/token.h"

namespace node {
namespace {

using gossip::RosterState;
using nlohmann::json;

constexpr const char* kNoOperator =
    "this cluster has no operator: its configurations list who belongs to it; muster init "
    "--operator-dir makes a cluster that peers can join";
constexpr const char* kReadOnly =
    "this peer is read-only at the moment (its disk is full or failing); ask another one";

// What the link knows, or nothing known for this node itself and for those that left.
void add_link(json& row, const gossip::PeerStatus* link) {
  row["link"] = link ? json(link->state) : json();
  row["covered"] = link ? json(link->our_cursor) : json();
  row["head"] = link ? json(link->their_head) : json();
  row["lag"] = link ? json(link->lag) : json();
}

json row_of(const gossip::Standing& standing, const gossip::PeerStatus* link, bool self) {
  const gossip::Member& member = standing.member;
  json row{{"name", member.name},
           {"key", to_hex(member.node_key)},
           {"signing_key", to_hex(member.signing_key)},
           {"address", member.address},
           {"letter", std::string(1, member.letter)},
           {"state", gossip::name_of(member.state)},
           {"version", member.version},
           {"signed_by", standing.signed_by},
           {"flags", standing.flags},
           {"self", self}};
  add_link(row, link);
  return row;
}

// A peer that only the configuration names.
json row_of(const gossip::PeerStatus& peer) {
  json row{{"name", peer.name},
           {"key", to_hex(peer.public_key)},
           {"address", peer.address},
           {"state", "configured"},
           {"self", false}};
  add_link(row, &peer);
  return row;
}

json rows_of(const gossip::Peer& peer) {
  std::map<gossip::PublicKey, gossip::PeerStatus> links;
  for (gossip::PeerStatus& status : peer.status()) links[status.public_key] = std::move(status);
  json rows = json::array();
  for (const auto& [key, standing] : peer.roster().members()) {
    const auto link = links.find(key);
    rows.push_back(
        row_of(standing, link == links.end() ? nullptr : &link->second, &standing == peer.self()));
    if (link != links.end()) links.erase(link);
  }
  for (const auto& [key, status] : links) rows.push_back(row_of(status));
  std::stable_sort(rows.begin(), rows.end(), [](const json& a, const json& b) {
    return a["name"].get_ref<const std::string&>() < b["name"].get_ref<const std::string&>();
  });
  return rows;
}

// This peer first: whoever asks it can reach it.
json sponsors_of(const gossip::Peer& peer) {
  json sponsors = json::array();
  const auto add = [&](const gossip::Standing& standing) {
    if (standing.member.state != RosterState::kActive) return;
    if (sponsors.size() == gossip::kSponsorsMax) return;
    sponsors.push_back(
        {{"address", standing.member.address}, {"key", to_hex(standing.member.node_key)}});
  };
  if (peer.self() != nullptr) add(*peer.self());
  for (const auto& [key, standing] : peer.roster().members()) {
    if (&standing != peer.self()) add(standing);
  }
  return sponsors;
}

std::string text_in(const json& body, const char* key) {
  if (!body.is_object() || !body.contains(key) || !body[key].is_string()) return "";
  return body[key].get<std::string>();
}

bool refused(AdminContext& context, const AdminRequest& request) {
  if (context.peer == nullptr) {
    refuse(context, request, 503, kReadOnly);
    return true;
  }
  if (!context.peer->roster().operators().empty()) return false;
  refuse(context, request, 400, kNoOperator);
  return true;
}

}  // namespace

void serve_peers(AdminContext& context, const AdminRequest& request) {
  if (context.peer == nullptr) return refuse(context, request, 503, kReadOnly);
  const gossip::Peer& peer = *context.peer;
  json operators = json::array();
  for (const auto& key : peer.roster().operators()) operators.push_back(to_hex(key));
  answer(context, request,
         {{"name", context.config.name},
          {"cluster", peer.roster().cluster()},
          {"operators", std::move(operators)},
          {"refused", peer.last_refusals()},
          {"waiting", peer.roster().waiting()},
          {"peers", rows_of(peer)}});
}

void serve_peers_entry(AdminContext& context, const AdminRequest& request) {
  if (refused(context, request)) return;
  const auto record = gossip::to_record(crdt::from_hex(text_in(request.body, "entry")));
  if (!record) return refuse(context, request, 400, record.error().message);
  const auto entry = gossip::read_entry(context.peer->roster().cluster(), *record);
  if (const auto taken = context.peer->submit(*record); !taken || !entry) {
    return refuse(context, request, 400, taken ? entry.error().message : taken.error().message);
  }
  const gossip::Standing* standing = context.peer->roster().find(entry->member.node_key);
  answer(context, request,
         {{"state", standing ? gossip::name_of(standing->member.state) : "unknown"}});
}

void serve_peers_invite(AdminContext& context, const AdminRequest& request) {
  if (refused(context, request)) return;
  const crdt::Bytes octets = crdt::from_hex(text_in(request.body, "token"));
  gossip::TokenId id;
  if (octets.size() != id.size()) {
    return refuse(context, request, 400, "expected {\"token\": 32 hexadecimal digits}");
  }
  if (!context.config.gossip.cluster_secret) {
    return refuse(context, request, 400, "this peer has no cluster secret; ask another one");
  }
  json sponsors = sponsors_of(*context.peer);
  if (sponsors.empty()) {
    return refuse(context, request, 400,
                  "no member is active here, so nobody could let the joiner in");
  }
  std::copy(octets.begin(), octets.end(), id.begin());
  const gossip::PreSharedKey key = gossip::joining_key(*context.config.gossip.cluster_secret, id);
  answer(context, request,
         {{"key", crdt::to_hex(gossip::view_of(key.bytes))}, {"sponsors", std::move(sponsors)}});
}

}  // namespace node

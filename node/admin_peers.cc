#include "node/admin_peers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "gossip/letters.h"
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

// This peer, where no roster has it.
json own_row(const ReplicaConfig& config) {
  json row{{"name", config.name},
           {"key", to_hex(gossip::public_key_of(config.gossip.identity))},
           {"address", config.gossip.address},
           {"letter", std::string(1, config.letter)},
           {"state", "configured"},
           {"self", true}};
  add_link(row, nullptr);
  return row;
}

json rows_of(const gossip::Peer& peer, const ReplicaConfig& config) {
  std::map<gossip::PublicKey, gossip::PeerStatus> links;
  for (gossip::PeerStatus& status : peer.status()) links[status.public_key] = std::move(status);
  json rows = json::array();
  if (peer.self() == nullptr) rows.push_back(own_row(config));
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

json invitations_of(const gossip::Roster& roster, crdt::WallTime now) {
  json invitations = json::array();
  for (const gossip::Permit& permit : roster.outstanding(now)) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(permit.expires - now);
    invitations.push_back({{"token", crdt::to_hex(gossip::view_of(permit.id))},
                           {"letter", std::string(1, permit.letter)},
                           {"expires_in_s", left.count()}});
  }
  return invitations;
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
  if (context.peer->roster().operators().empty()) {
    refuse(context, request, 400, kNoOperator);
    return true;
  }
  return false;
}

// Also while this peer joins, is removed or catches up, when it knows too little to be asked.
bool refused_or_unfit(AdminContext& context, const AdminRequest& request) {
  if (refused(context, request)) return true;
  if (context.unfit.empty()) return false;
  refuse(context, request, 503, context.unfit);
  return true;
}

// An operator may say anything about this very peer: that may be the only way out of its state.
bool concerns_self(const AdminContext& context, const gossip::RosterEntry& entry) {
  const gossip::Standing* self = context.peer->self();
  return self != nullptr && self->member.node_key == entry.member.node_key;
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
          {"free_letter", std::string(1, free_letter(peer.roster(), context.now.wall))},
          {"invitations", invitations_of(peer.roster(), context.now.wall)},
          {"peers", rows_of(peer, context.config)}});
}

void serve_peers_entry(AdminContext& context, const AdminRequest& request) {
  if (refused(context, request)) return;
  const auto record = gossip::to_record(crdt::from_hex(text_in(request.body, "entry")));
  if (!record) return refuse(context, request, 400, record.error().message);
  const auto entry = gossip::read_entry(context.peer->roster().cluster(), *record);
  const bool own = entry && concerns_self(context, *entry);
  if (!own && refused_or_unfit(context, request)) return;
  if (const auto taken = context.peer->submit(*record); !taken || !entry) {
    return refuse(context, request, 400, taken ? entry.error().message : taken.error().message);
  }
  const gossip::Standing* standing = context.peer->roster().find(entry->member.node_key);
  answer(context, request,
         {{"state", standing ? gossip::name_of(standing->member.state) : "unknown"}});
}

void serve_peers_invite(AdminContext& context, const AdminRequest& request) {
  if (refused_or_unfit(context, request)) return;
  gossip::Peer& peer = *context.peer;
  const auto permit = gossip::decode_permit(crdt::from_hex(text_in(request.body, "permit")));
  if (!permit) {
    return refuse(context, request, 400, "expected {\"permit\": the hexadecimal digits of one}");
  }
  if (!context.config.gossip.cluster_secret) {
    return refuse(context, request, 400, "this peer has no cluster secret; ask another one");
  }
  json sponsors = sponsors_of(peer);
  if (sponsors.empty()) {
    return refuse(context, request, 400,
                  "no member is active here, so nobody could let the joiner in");
  }
  if (const auto owner = owner_of(peer.roster(), permit->letter, context.now.wall)) {
    return refuse(context, request, 409,
                  "the letter " + std::string(1, permit->letter) + " belongs to " + *owner +
                      "; choose another, or none");
  }
  const auto noted = peer.submit(to_record(peer.roster().cluster(), *permit));
  if (!noted) return refuse(context, request, 400, noted.error().message);
  const auto key = gossip::joining_key(*context.config.gossip.cluster_secret, permit->id);
  answer(context, request,
         {{"key", crdt::to_hex(gossip::view_of(key.bytes))}, {"sponsors", std::move(sponsors)}});
}

void serve_peers_withdraw(AdminContext& context, const AdminRequest& request) {
  if (refused_or_unfit(context, request)) return;
  const auto record =
      gossip::invitation_record(crdt::from_hex(text_in(request.body, "withdrawal")));
  if (!record) return refuse(context, request, 400, record.error().message);
  if (const auto taken = context.peer->submit(*record); !taken) {
    return refuse(context, request, 400, taken.error().message);
  }
  const gossip::Roster& roster = context.peer->roster();
  const auto invitation = gossip::read_invitation(roster.cluster(), *record);
  json used_by = json::array();
  if (const auto* withdrawal = std::get_if<gossip::Withdrawal>(&*invitation)) {
    for (const auto& entry : roster.joined_with(withdrawal->id)) {
      used_by.push_back(entry.member.name);
    }
  }
  answer(context, request, {{"used_by", std::move(used_by)}});
}

}  // namespace node

// Link: all that a Peer remembers of one connection. It dies with the connection, and nothing is
// lost: cursors and documents are in the store.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crdt/compact_names.h"
#include "crdt/instant.h"
#include "gossip/answer_queue.h"
#include "gossip/link_id.h"
#include "gossip/log_receiver.h"
#include "gossip/log_sender.h"
#include "gossip/message.h"
#include "gossip/secure_channel.h"

namespace gossip {

struct Link {
  Link(LinkId link, SecureChannel secure, crdt::Instant now, std::size_t offer_rows_max)
      : id(link),
        channel(std::move(secure)),
        opened(now),
        sent(now),
        rekeyed(now),
        sender(offer_rows_max) {}

  LinkId id;
  SecureChannel channel;
  crdt::Instant opened;
  std::optional<crdt::Instant> asked;  // The first thing that it has not answered with anything.
  bool asks = false;                   // Something in the outbox wants an answer.
  crdt::Instant pinged;                // When that was last done out of doubt.
  crdt::Instant sent;                  // When bytes last went out.
  crdt::Instant rekeyed;               // When this side last changed its key.
  std::string address;                 // The dialled one; empty when accepted.
  std::string from;                    // Of an accepted one: where it comes from, for people.
  crdt::Bytes first;     // Of an accepted one, until it is known for a peer's or a joiner's.
  bool greeted = false;  // It is.

  // From the peer's Hello on.
  std::optional<Hello> hello;
  std::string name;                       // As the config or the roster calls the peer.
  std::uint64_t their_head = 0;           // Where the peer's log stood, as last heard.
  std::set<crdt::ReplicaId> their_links;  // Runs that the peer holds a link to.
  bool catching_up = false;               // The peer's store is.

  LogSender sender;
  LogReceiver receiver;
  std::optional<crdt::Cursor> stored;     // Of the peer's log: what a restart would begin from.
  std::optional<crdt::Instant> offer_at;  // When rows of third peers are offered.
  bool unpushed = false;    // A change could not be pushed, while a scan lasts or for its size: the
                            // next offer does not wait.
  bool unreadable = false;  // The last offer failed: the next one is at offer_at.
  std::optional<crdt::Instant> stuck_at;  // When an offer that makes no progress ends the link.

  // Pushes that came before what they build on, by row: usually it is on its way from a third peer.
  std::map<std::uint64_t, Push> parked;
  std::size_t parked_bytes = 0;
  std::optional<crdt::Instant> parked_until;

  std::map<std::string, crdt::Bytes> fragments;  // Parts so far, by document.
  std::size_t fragment_bytes = 0;

  // What was asked of the peer because it is damaged here, and not answered yet.
  std::set<std::string> repaired_documents;
  std::set<crdt::Bytes> repaired_records;
  // Documents that were asked of it because a comparison found them differing.
  std::set<std::string> compared;

  // What the peer wants. A Ping follows each kAnswersABatch bytes of it, and the rest waits while
  // kAnswerWindow of them are on their way.
  AnswerQueue answers;
  std::size_t answered_bytes = 0;          // Since the last such Ping.
  std::deque<std::uint64_t> answer_marks;  // Of those Pings, the ones not answered yet, by number.
  std::uint64_t pings = 0;                 // Sent.
  std::uint64_t pongs = 0;                 // Heard; at most as many as pings.

  crdt::ToldNames told;          // The peer, of the names that pushes refer to;
  crdt::HeardNames heard_names;  // and by it.

  std::vector<crdt::Bytes> outbox;  // Encoded messages, until the end of the batch.

  // What may linger: pushes to acknowledge, and that the peer does not know all links of this side.
  std::vector<std::uint64_t> acknowledge;
  bool links_changed = false;
  std::optional<crdt::Instant> lingers_until;
};

// What its peer is called in the store. REQUIRES an established channel.
[[nodiscard]] crdt::Bytes key_of(const Link& link);

}  // namespace gossip

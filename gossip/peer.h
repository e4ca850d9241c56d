// Peer: the gossip state machine of one node: links, pushes, offers, repair.
//
// Shape    events of links in, Output out; documents and log rows change through the Repository in
//          the transaction of the moment. What one batch has for a peer leaves as one sealed frame
//          at batch_end(), after the commit: an acknowledgement means "durable here".
//          Of two peers the one with the smaller public key dials. Peers are those of the
//          configuration and of the roster (gossip/peer_roster.cc), which may change at any time.
// Size     kUnprovenMax links whose key is not proven, joiners' included. For each link:
//          kFragmentBytesMax of fragments on their way in, kAnswerWindow of answers on their way
//          out, kParkedMax pushes of kParkedBytesMax that wait for another peer's.
// Errors   a peer that breaks a rule loses its link, with a Notice that says why; nothing of the
//          frame that broke it is stored beyond what came before in that same batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crdt/codec.h"
#include "crdt/compact_names.h"
#include "crdt/instant.h"
#include "crdt/repository.h"
#include "crdt/rng.h"
#include "gossip/comparer.h"
#include "gossip/config.h"
#include "gossip/join.h"
#include "gossip/link.h"
#include "gossip/membership.h"
#include "gossip/output.h"
#include "gossip/repeats.h"
#include "gossip/roster.h"

namespace gossip {

// One peer, of the configuration or the roster, for operators.
struct PeerStatus {
  std::string name;
  std::string address;
  std::string state;               // "linked", "dialling" or "down".
  std::uint64_t their_cursor = 0;  // What it covers of this log, as far as it has said.
  std::uint64_t our_cursor = 0;    // What is covered here of its log.
  std::uint64_t lag = 0;           // Rows of this log that it does not cover.
  bool catching_up = false;        // It says that its store is.
  std::uint64_t their_head = 0;    // Where its log stood when it was last heard.
  PublicKey public_key;
  std::string software;                // What it says it runs; empty while it is not linked.
  std::chrono::seconds lag_age{0};     // For how long it has lacked its lag. The owner fills it in.
  std::string member;                  // "alive", "suspect" or "dead", as far as is known here,
  std::chrono::seconds member_for{0};  // for so long.
  std::uint64_t incarnation = 0;       // 0: it has not been heard of since this process began.
  std::string trouble;                 // Why it cannot be dialled; empty where it is linked.
  bool lag_unknown = false;            // It has not said since this process began.
  std::uint64_t lies = 0;              // What it said of others that was refused.
  std::uint64_t skipped = 0;           // Messages of it that only a later release understands.
  char letter = 0;                     // Of the tasks that it makes; 0 where that is not known.
  std::uint16_t keep_days = 0;         // For how long it would keep records; 0: not known.
};

// Whether another peer holds a row of this log durably, as far as it has said.
struct Holder {
  std::string name;
  bool durable = false;
};

// What all peers held at some moment; see Peer::missing().
struct Census {
  std::map<PublicKey, std::uint64_t> heads;  // Where their logs stood.
  std::optional<std::uint64_t> ours;         // Where this one did once it covered all of those.
};

// What both ends of a link must hold the same: peers of two clusters, or of two wire versions, fail
// in the handshake.
[[nodiscard]] crdt::Bytes link_prologue(std::string_view cluster);

class Peer {
 public:
  // Peers with nothing to catch up on take duties after this: who comes and goes gets none.
  static constexpr std::chrono::seconds kReadyAfter{30};

  // Between the dials of one start: a cluster that starts at once must not shake hands at once.
  static constexpr std::chrono::milliseconds kDialStagger{5};

  // Twice as many as there can be peers, all of which may come back at once. Each holds a handshake
  // message of 4 KiB at most.
  static constexpr std::size_t kUnprovenMax = 2 * Config::kPeersMax;

  // The largest document there can be (crdt::kMessageBytesMax): parts come one document at a time.
  static constexpr std::size_t kFragmentBytesMax = crdt::kMessageBytesMax;

  // What a busy peer pushes in the 100 ms that a third one's change may be late: 2,500 a second,
  // of 2 KB and, now and then, a picture. Beyond either bound a scan fetches all of it in its time.
  static constexpr std::size_t kParkedMax = 256;
  static constexpr std::size_t kParkedBytesMax = 4 << 20;

  // Acknowledgements that linger at most: their peer stops pushing without LogSender::kUnackedMax.
  static constexpr std::size_t kLingeringMax = 1'024;

  // Frames are cut here, between messages: an answer to a peer never waits long behind another.
  static constexpr std::size_t kFrameTarget = 256 << 10;

  // Of answers on their way. With 10 ms there and back that is still 100 MB/s, and an eighth of
  // what the transport queues for a slow peer before it closes the link (node/peer_transport.h).
  static constexpr std::size_t kAnswerWindow = 1 << 20;
  // Of them made in one step for a link, and between two marks of the window: a dozen documents,
  // read in a millisecond, so that no request waits for more.
  static constexpr std::size_t kAnswersABatch = 128 << 10;

  // Two round trips and some Diffie-Hellmans; each lost packet delays them by up to a second.
  static constexpr std::chrono::seconds kHandshakeMax{5};

  // An answer comes within a few round trips and commits, and each part of a document counts as
  // progress: a window takes as long at 300 kbit/s.
  static constexpr std::chrono::seconds kStuckAfter{30};

  // Refusals that status can name; the log has all of them.
  static constexpr std::size_t kRefusalsMax = 16;

  // A store that cannot be read is repaired by hand; until then each try costs a line of the log.
  static constexpr std::chrono::seconds kOfferAgainAfter{10};

  // Offers made in one step: each that is resolved brings two, so that a scan takes up speed and no
  // request waits for thousands of rows to be read.
  static constexpr std::size_t kOffersABatch = 2;

  // Cursors that third peers' rows moved, without a change to store: what a restart would ask anew.
  static constexpr std::chrono::seconds kStoreCursorsAfter{2};

  // Links that are offered third peers' rows at once. Whoever lacks one needs to hear of it from
  // somebody soon, and from each other peer some time: with more links than this, offers spread
  // over as much more time, at random. Otherwise each change ends in N * N offers at once.
  static constexpr std::size_t kOffersAtOnce = 16;

  // Damaged documents asked of one peer at a time: each may be kFragmentBytesMax.
  static constexpr std::size_t kRepairsMax = 16;

  // Stored rows read again in one step: some milliseconds, so that a request waits for no more.
  static constexpr std::size_t kWalkRowsMax = 256;
  // 100k documents of 8 rows are read in a quarter of an hour.
  static constexpr std::chrono::milliseconds kWalkStep{250};

  // Where one side was not ready: it reads its store for the first time, as a rule.
  static constexpr std::chrono::minutes kCompareAgainAfter{1};

  // A key taken from a process's memory opens at most this much of the past. By volume a link
  // rekeys by itself (gossip/link_cipher.h).
  static constexpr std::chrono::hours kRekeyAfter{1};

  Peer(Config config, std::string name, const crdt::Rng::Seed& seed, crdt::ReplicaId self,
       crdt::Repository& repository);

  // `from`: where an accepted one comes from, as people read it; may be unknown.
  void link_opened(crdt::Instant now, LinkId link, const std::string& address,
                   const std::string& from = {});
  void link_bytes(crdt::Instant now, LinkId link, crdt::BytesView bytes);
  void link_closed(crdt::Instant now, LinkId link, const std::string& reason);
  void dial_failed(crdt::Instant now, const std::string& address, const std::string& reason);
  void wake(crdt::Instant now);

  // What this node's calendar says: it judges whether tokens have expired, and nothing else.
  void tell_wall(crdt::WallTime now) { wall_ = now; }

  // How far a horizon may have come by now: a peer that moves it beyond is refused.
  void limit_horizon(const crdt::HorizonLimit& limit) { horizon_limit_ = limit; }

  // Takes a roster entry or an invitation that an operator signed elsewhere. An Error where it is
  // refused, or the store cannot take it.
  [[nodiscard]] crdt::Result<void> submit(const crdt::Record& entry);

  // A change made here, logged as row `seq`: it goes to every peer that is up to date.
  void push(std::uint64_t seq, const crdt::Change& change);

  // A change that others made and that came here by other ways than a link.
  void relay(std::uint64_t seq, const crdt::Change& change);

  // Closes the batch: what was gathered becomes frames.
  void batch_end(crdt::Instant now);

  [[nodiscard]] Output take_output();
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // Whether any linked peer that is alive was sent row `seq` and has not yet said that it is
  // durable there.
  [[nodiscard]] bool awaited(std::uint64_t seq) const;

  // Every other peer, and whether it holds row `seq`.
  [[nodiscard]] std::vector<Holder> holders(std::uint64_t seq) const;

  // Whether every peer is linked, but for those that are joining still.
  [[nodiscard]] bool complete() const;

  // Whether every peer is linked, and all that their stores held when the links began is here.
  [[nodiscard]] bool has_heard_all() const;

  // The names of the peers because of which it is not certain yet that every peer holds, durably,
  // all that any of them held when `census` was begun: those that are away or catching up, which
  // begins it anew, and those that are behind. An empty one begins. Ask again some time later.
  [[nodiscard]] std::vector<std::string> missing(Census& census) const;

  // complete(), and each of them has been told all of this log: what changes is pushed to it.
  [[nodiscard]] bool pushes_to_all() const;

  // By name.
  [[nodiscard]] std::vector<PeerStatus> status() const;

  // Whether this peer is to do what `key` names: of those that are alive, ready and caught up,
  // exactly one, as long as all see the same (gossip/duty.h).
  [[nodiscard]] bool on_duty(std::string_view key) const;
  // Whether it takes duties at all. True, until told otherwise.
  void set_willing(bool willing) { willing_ = willing; }

  [[nodiscard]] std::uint64_t incarnation() const { return membership_.incarnation(); }

  // What comparing stores has found, and what it has cost: octets of this side's messages, without
  // the names of what differs.
  [[nodiscard]] const Comparer& comparer() const { return comparer_; }
  [[nodiscard]] std::uint64_t compare_octets() const { return compare_octets_; }
  // Documents that had two states under one vector, and were made one here.
  [[nodiscard]] std::uint64_t united() const { return united_; }

  // How often a peer was found to know more of this store's former runs than the store does.
  [[nodiscard]] std::uint64_t rollbacks_found() const { return rollbacks_found_; }

  // Who belongs to the cluster, and how this node stands in it; nothing where it has no entry.
  [[nodiscard]] const Roster& roster() const { return roster_; }
  [[nodiscard]] const Standing* self() const { return roster_.find(public_key_); }

  // What was refused of other nodes' words about the roster since the start: how often, and the
  // last few, in sentences.
  [[nodiscard]] std::uint64_t roster_refusals() const { return refusals_; }
  [[nodiscard]] const std::deque<std::string>& last_refusals() const { return last_refusals_; }

 private:
  struct Target {
    PeerConfig config;
    bool dials = false;          // This side dials.
    std::optional<LinkId> link;  // The link whose Hello was heard.
    bool dialling = false;
    std::optional<crdt::Instant> dial_at;
    std::chrono::milliseconds backoff{0};
    std::string trouble;  // Why dialling it failed, as last noted; empty once it is linked.
    std::uint64_t their_head = 0;       // Of the last link that ended.
    std::string doubt;                  // Another reason, given once.
    std::optional<std::uint64_t> told;  // Of this log, when its last link ended.
    std::uint64_t lies = 0;             // Of membership, refused.
    std::uint64_t skipped = 0;          // Messages, of kinds that are not known here.
    bool noted_dead = false;
    bool lost = false;  // Its link ended, and it was not dialled since.
  };

  // A joiner's connection, until it is answered.
  struct JoinLink {
    crdt::Instant opened;
    crdt::Bytes hail;  // So far.
    TokenId token{};
    std::optional<SecureChannel> channel;
  };

  // Each returns a sentence when the peer broke a rule.
  using Verdict = std::optional<std::string>;

  void add_target(crdt::Instant now, const PeerConfig& peer);
  void load_roster();
  void follow_roster(crdt::Instant now);
  void leave_removed(crdt::Instant now);
  void tend_self();
  void take_entries(const crdt::Change& change);
  void refuse(std::string what);
  [[nodiscard]] bool holds_forged(const Link& link, const crdt::Change& change);
  [[nodiscard]] crdt::Change without_forged(const crdt::Change& change) const;
  Verdict judge_horizon(const Link& link, const std::string& key,
                        const std::vector<crdt::Leaf>& leaves);
  crdt::Result<void> publish(const crdt::Record& entry);
  bool greet(Link& link, crdt::BytesView& bytes);
  void join_bytes(LinkId link, crdt::BytesView bytes);
  [[nodiscard]] crdt::Result<void> hail(JoinLink& join, crdt::BytesView& bytes);
  [[nodiscard]] JoinAnswer answer_join(const crdt::Bytes& request, const PublicKey& node);
  void end_join(LinkId link, const std::string& refusal);
  [[nodiscard]] bool full() const;

  Target* target_of(const PublicKey& key);
  Target* target_of(const Link& link);
  Target* target_of(MemberId id);
  std::unique_ptr<Link> make_link(crdt::Instant now, LinkId id, const Target* dialled);
  void drop(crdt::Instant now, LinkId link, const std::string& reason);
  void forget(crdt::Instant now, Link& link);
  void established(Link& link);
  void announce_links();
  [[nodiscard]] Linked links() const;  // As peers are told.
  void unreached(Target& target, const std::string& why);
  void begin(crdt::Instant now);
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds backoff);
  void tend_links(crdt::Instant now);
  void tend_link(crdt::Instant now, Link& link);
  [[nodiscard]] bool mute(const Link& link) const;

  // --- who is alive ---
  void tend_members(crdt::Instant now);
  void follow(crdt::Instant now, MemberId id);
  void judge_readiness(crdt::Instant now);
  [[nodiscard]] bool caught_up() const;
  [[nodiscard]] bool believed_alive(const PublicKey& key) const;
  void send(Link& link, const Message& message);
  [[nodiscard]] std::chrono::milliseconds drawn_delay();
  void gather_lingering(crdt::Instant now, Link& link);
  void flush(crdt::Instant now, Link& link);
  void note(Severity severity, std::string text);
  void note_stranger(crdt::Instant now, const Link& link, const std::string& reason);

  Verdict on(crdt::Instant now, Link& link, const Message& message);
  Verdict on(crdt::Instant now, Link& link, const Hello& hello);
  Verdict on(crdt::Instant now, Link& link, const Resume& resume);
  Verdict on(crdt::Instant now, Link& link, const Linked& linked);
  Verdict on(crdt::Instant now, Link& link, const Push& push);
  Verdict on(crdt::Instant now, Link& link, const Pushed& pushed);
  Verdict on(crdt::Instant now, Link& link, const Offer& offer);
  Verdict on(crdt::Instant now, Link& link, const Expand& expand);
  Verdict on(crdt::Instant now, Link& link, const Resolved& resolved);
  Verdict on(crdt::Instant now, Link& link, const Want& want);
  Verdict on(crdt::Instant now, Link& link, const FragmentPart& part);
  Verdict on(crdt::Instant now, Link& link, const Records& records);
  Verdict on(crdt::Instant now, Link& link, const Ping& ping);
  Verdict on(crdt::Instant now, Link& link, const Pong& pong);
  Verdict on(crdt::Instant now, Link& link, const Lacking& lacking);
  Verdict on(crdt::Instant now, Link& link, const Swim& swim);
  Verdict on(crdt::Instant now, Link& link, const Compare& compare);

  crdt::Applied apply(Link& link, const Push& push);
  void retry_parked(crdt::Instant now);
  void park(crdt::Instant now, Link& link, const Push& push);
  void forward(const Link& source, std::uint64_t seq, const crdt::Change& change);
  // Sends a change to each link that is up to date and that `takes` it.
  template <class Takes>
  void spread(std::uint64_t seq, bool firsthand, const crdt::Change& change, Takes takes);
  void rescan(Link& link);
  void fell_behind(const Link& link, const crdt::Cursor& cursor);
  [[nodiscard]] bool vouches(const Link& link) const;
  void judge_standing();
  void announce_standing();
  void settle(crdt::Instant now, Link& link);
  void offer(crdt::Instant now, Link& link);
  [[nodiscard]] bool offers_now(const Link& link) const;
  bool covers(const std::vector<crdt::Cursor>& sources);
  // Whether `theirs` holds dots of `run`, this process or one before it, that are not here.
  bool knows_more(crdt::ReplicaId run, const std::string& key, const crdt::VersionVector& theirs);
  void ping(Link& link);
  void answer(Link& link);  // Some of what it wants, as far as the window goes.
  [[nodiscard]] static bool may_answer(const Link& link);
  void store_position(crdt::Instant now, Link& link);

  // --- repair ---
  [[nodiscard]] std::set<crdt::Bytes> peer_keys() const;
  void ask_for_repair(Link& link);
  Verdict merge(Link& link, const std::string& key, const crdt::Fragment& fragment);
  void heal(Link& link, const std::string& key, const crdt::Fragment* fragment);
  void walk(crdt::Instant now);
  void compare(crdt::Instant now);
  void say_compared(crdt::Instant now);
  void cover_nothing();
  [[nodiscard]] Verdict went_back(crdt::Instant now, const Link& link);
  void keep_minted_again(crdt::ReplicaId run, const std::string& key,
                         const crdt::Fragment& fragment);
  void judge_put_back();
  void ask_for_named(Link& link, const Compare& named);
  void unite(Link& link, const std::string& key, const crdt::Fragment& fragment);

  Config config_;
  std::string name_;
  PublicKey public_key_;
  crdt::Rng rng_;
  crdt::ReplicaId self_;
  crdt::Repository& repository_;
  SigningSeed signing_seed_;
  VerifyKey verify_key_;
  Roster roster_;
  std::uint64_t followed_ = 0;  // The roster's revision whose members are in targets_,
  std::uint64_t left_ = 0;      // and the one whose removed nodes are not any more.
  crdt::WallTime wall_;
  crdt::HorizonLimit horizon_limit_;
  std::map<LinkId, JoinLink> joins_;
  std::uint64_t refusals_ = 0;
  std::deque<std::string> last_refusals_;
  Membership membership_;
  bool begun_ = false;
  bool willing_ = true;
  std::optional<crdt::Instant> caught_up_since_;
  crdt::Instant now_{};  // Of the last batch.
  std::map<PublicKey, Target> targets_;
  std::map<LinkId, std::unique_ptr<Link>> links_;
  std::map<crdt::ReplicaId, std::uint64_t> covered_;  // Other runs' logs: covered up to here.
  crdt::SentNames names_;                             // That pushes refer to, on all links.
  // A whole session was had since this process began, with a peer that was not catching up: what
  // was lost before it is back, and what other peers know of it is no news.
  bool had_session_ = false;
  // The store was restored or copied, and said so: that others know more of it is no news either.
  bool set_back_ = false;
  std::uint64_t rollbacks_found_ = 0;
  Repeats strangers_;                              // Why their links were dropped.
  std::optional<crdt::Instant> walk_at_;           // When the store is read on.
  std::optional<crdt::Instant> store_cursors_at_;  // Some are behind what is covered.
  Comparer comparer_;
  std::optional<crdt::Instant> compare_at_;  // When it begins again.
  std::uint64_t compare_octets_ = 0;
  std::uint64_t united_ = 0;
  std::optional<crdt::Instant> began_;
  std::optional<crdt::ReplicaId> put_back_;  // Of this store; as the repository says.
  bool went_back_ = false;  // A new run is wanted, once nothing is asked for any more.
  bool changed_ = false;    // Something was applied in this batch: parked pushes may follow.
  Output output_;
};

}  // namespace gossip

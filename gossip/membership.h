// Membership: which members are alive, by SWIM with Lifeguard's refinements. Sans-IO: time, links
// and messages are handed in, messages and verdicts taken out.
//
// Shape    each period one member is probed: in turn the next one alive in the order of ids, so
//          that nobody goes unprobed for longer than two periods, and one of all in random order,
//          round and round. Without an answer some others are asked to probe it; without one from
//          them it is suspect, everybody is told, and unless it refutes in time it is dead.
//          A member that is not linked is probed through others alone.
//          Who does not get answers, or has to refute, suspects itself: its probes wait longer.
//          What one member believes and another does not travels behind probes and, while there is
//          news, in rounds of their own; digests in probes find what was missed.
// Units    a period is 0.8 s unless configured; all other times are multiples of it.
// Size     kRelaysMax probes for others; one entry a member; kNewsMax news a message, views apart.
// Laws     a member that answers is never dead for longer than it takes to hear and refute.
//          Nobody who holds a link takes another's word for a death: it only hastens the verdict.
//          What a member says of itself over its own link outweighs whatever others say of it.
//          Members come and go by add() and remove() alone: the dead are kept, the unknown ignored.
// Errors   an incarnation more than kJumpMax above what is known is a lie, is not believed, and
//          counted.
// Source   SWIM (Das, Gupta, Motivala 2002); Lifeguard (arXiv 1707.00788).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "crdt/instant.h"
#include "crdt/rng.h"
#include "gossip/member.h"
#include "gossip/news_queue.h"
#include "gossip/suspicion.h"

namespace gossip {

struct MembershipOutput {
  struct Send {
    MemberId to;  // Linked.
    Swim message;
  };
  std::vector<Send> sends;
  std::vector<MemberId> changed;  // State, that is.
  std::vector<MemberId> doubted;  // Others heard it under an incarnation that its link did not say.
  std::vector<MemberId> lied;     // Each time a lie was refused.
};

class Membership {
 public:
  // 5 s from a crash to everybody's knowing of it leave two periods until somebody probes, one of
  // waiting, and the shortest suspicion, with room. At 0.8 s a node sends some 300 octets a second.
  static constexpr std::chrono::milliseconds kPeriod{800};

  // Two periods, and room to say so: a process that stood still for two seconds, the longest pause
  // to reckon with, is back in time to refute.
  static constexpr int kShortestSuspicionPermille = 2'125;
  static constexpr int kLongestFactor = 6;  // Lifeguard's, of the shortest.

  static constexpr std::size_t kProxies = 3;     // SWIM's and Lifeguard's k.
  static constexpr std::size_t kRelaysMax = 64;  // Proxies are drawn at random: a few are usual.
  static constexpr int kHealthMax = 7;           // Lifeguard's; then all takes eight times as long.
  static constexpr std::size_t kNewsMax = 32;    // Some 500 octets: a probe stays one packet.

  // Rounds of news: five in the time that a member has to refute reach a thousand members.
  static constexpr std::chrono::milliseconds kRoundEvery{200};
  static constexpr std::size_t kRoundFanout = 3;

  // Views that differ are exchanged after this, doubling while that changes nothing: members that
  // do not list the same others differ for good.
  static constexpr std::chrono::seconds kViewAfterMin{5};
  static constexpr std::chrono::seconds kViewAfterMax{600};

  // A deadline that is noticed this late was missed by this process, not by whom it waited for.
  static constexpr std::chrono::milliseconds kLateMax{200};

  // A start takes kStartStep numbers, of which refutations use up some. A jump as far as kJumpMax
  // would take a million starts that nobody here heard of; to use up all numbers, 2^34 lies.
  static constexpr std::uint64_t kStartStep = 1 << 10;
  static constexpr std::uint64_t kJumpMax = 1 << 30;

  struct Member {
    std::uint64_t incarnation = 0;
    Liveness state = Liveness::kSuspect;  // Neither counted on nor given up, at first.
    bool linked = false;
    bool ready = false;   // As it said over its link.
    crdt::Instant since;  // Of `state`.
  };

  // `incarnation`: greater than any that this member had before. Time begins with the first tick,
  // which is due at once.
  Membership(MemberId self, std::uint64_t incarnation, const crdt::Rng::Seed& seed,
             std::chrono::milliseconds period = kPeriod);

  void add(crdt::Instant now, MemberId member);
  void remove(MemberId member);

  // --- what happens ---
  void link_up(crdt::Instant now, MemberId member);
  void link_down(crdt::Instant now, MemberId member);
  // Its link was lost, and the first attempt at another failed.
  void unreachable(crdt::Instant now, MemberId member);
  void heard(crdt::Instant now, MemberId from, const Swim& message);
  void tick(crdt::Instant now);
  void set_ready(bool ready);  // This member takes on duties, or no longer.

  [[nodiscard]] MembershipOutput take_output();
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // --- what is believed ---
  [[nodiscard]] const std::map<MemberId, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(MemberId member) const;
  [[nodiscard]] bool alive(MemberId member) const;
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }  // Keep it durably.
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] int health() const { return health_; }  // 0 is best.
  [[nodiscard]] std::uint32_t view() const;

 private:
  struct Probe {
    MemberId target;
    std::uint32_t number = 0;
    crdt::Instant direct_until;  // Then others are asked.
    crdt::Instant until;
    bool asked_others = false;
    std::size_t proxies = 0;
    std::size_t nacks = 0;
    bool linked = false;  // It could answer by itself.
  };
  struct Relay {  // A probe for another.
    MemberId asker;
    std::uint32_t asker_number = 0;
    MemberId target;
    crdt::Instant until;
  };

  Member* known(MemberId member);
  [[nodiscard]] std::chrono::milliseconds scaled(std::chrono::milliseconds time) const;
  [[nodiscard]] SuspicionLimits limits() const;
  [[nodiscard]] Swim message(SwimKind kind, std::uint32_t number = 0) const;
  [[nodiscard]] Swim with_news(Swim message, MemberId to);
  void send(MemberId to, Swim message);
  void send_all(const std::vector<News>& news);
  void tell(crdt::Instant now, const News& news);
  [[nodiscard]] News news_of(MemberId id, const Member& member) const;

  // --- probing ---
  void begin(crdt::Instant now);
  void catch_up(crdt::SteadyClock::duration late);
  void begin_probe(crdt::Instant now);
  void run_probe(crdt::Instant now);
  void ask_others(crdt::Instant now);
  void fail_probe(crdt::Instant now);
  void run_relays(crdt::Instant now);
  void run_round(crdt::Instant now);
  void judge(crdt::Instant now);
  void give_up_silent(crdt::Instant now);
  [[nodiscard]] bool probeable(MemberId id) const;
  std::optional<MemberId> next_target();
  std::optional<MemberId> take_urgent();
  [[nodiscard]] std::optional<MemberId> successor() const;
  std::optional<MemberId> next_in_order();
  std::vector<MemberId> draw_linked(std::size_t count, MemberId except);
  void worsen(int by);

  // --- believing ---
  void set(crdt::Instant now, MemberId id, Member& member, std::uint64_t incarnation,
           Liveness state);
  void accuse(crdt::Instant now, MemberId id, bool certain);
  void suspect(crdt::Instant now, MemberId id, Member& member, const News& news);
  void hear_claim(crdt::Instant now, MemberId from, Member& member, const Swim& message);
  void hear_news(crdt::Instant now, MemberId from, const News& news);
  void hear_of_self(crdt::Instant now, MemberId from, const News& news);
  void hear_probe_for(crdt::Instant now, MemberId from, const Swim& message);
  void hear_ack(MemberId from, const Swim& message);
  void hear_nack(crdt::Instant now, const Swim& message);
  void answer_view(MemberId from, const Swim& message);
  void compare_views(crdt::Instant now, MemberId from, const Swim& message);
  void refute(crdt::Instant now, std::uint64_t above);

  MemberId self_;
  std::uint64_t incarnation_;
  crdt::Rng rng_;
  std::chrono::milliseconds period_;
  bool ready_ = false;
  int health_ = 0;
  bool begun_ = false;
  std::map<MemberId, Member> members_;
  std::map<MemberId, Suspicion> suspicions_;
  std::size_t linked_ = 0;
  std::size_t dead_ = 0;
  std::uint64_t digest_ = 0;
  NewsQueue news_;

  std::vector<MemberId> order_;  // Of random probes, drawn anew for each time round.
  std::size_t position_ = 0;
  bool successor_next_ = false;
  std::vector<MemberId> urgent_;  // Their links were lost: probed next.
  std::uint32_t next_number_ = 1;
  std::optional<Probe> probe_;
  std::map<std::uint32_t, Relay> relays_;
  crdt::Instant probe_at_{};
  std::optional<crdt::Instant> round_at_;
  std::optional<crdt::Instant> silent_until_;  // Who was never heard of by then is dead.
  std::chrono::seconds view_every_ = kViewAfterMin;
  crdt::Instant view_at_{};
  MembershipOutput output_;
};

}  // namespace gossip

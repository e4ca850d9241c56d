// Comparer: finds out in what two stores differ, at a cost of what differs: what no cursor knows
// of, because a store lost it, or a machine went back in time.
//
// Shape    of two peers the one with the smaller key begins:
//
//            kTotal    ->  <-  kSame      equal digests: all is equal
//                          <-  kUnequal   changes may be under way: asked kTries times
//            kSums     ->  <-  kMask      sums by parts of all keys; the parts that differ
//                                         both walk their stores and collect the items of these
//            kSymbols  ->  <-  kMore      a sketch (crdt/set_sketch.h), until it tells them apart
//                          <-  kNames     what the beginner lacks, by name
//                          <-  kFound     and what it alone holds, by hash
//            kNames    ->                 that by name
//            kDone     ->
//
//          An item is the hash that a document or a record adds to the store's digest. Whoever is
//          told a name asks for it; what has changed meanwhile turns out to be held.
//          kBusy: another comparison is on its way there, or its digest is not counted yet. kAll:
//          the stores differ too much to name it; each side offers its log from the beginning.
// Units    a round is the beginner's; what belongs to an earlier one is ignored.
// Size     32 octets for each item of the parts that are compared: kItemsMax of them, or one part
//          of 32 where that holds more. kDifferMax differences a side.
// Errors   a peer that breaks a rule: take() returns a sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/instant.h"
#include "crdt/repository.h"
#include "crdt/set_sketch.h"
#include "gossip/link_id.h"
#include "gossip/message.h"

namespace gossip {

class Comparer {
 public:
  // Making the first symbols of so many items takes some ten milliseconds.
  static constexpr std::size_t kItemsMax = 131'072;
  // 1.5 symbols for each item that differs, and half as many again.
  static constexpr std::size_t kSymbolsMax = 9'216;
  static constexpr std::size_t kSymbolsFirst = 32;
  // Changes of the moment are everywhere within a second, so that equal stores show it soon.
  static constexpr unsigned kTries = 4;
  static constexpr std::chrono::seconds kTryAfter{1};
  // Walks of the largest store take some hours; a peer that has stopped answering is let go.
  static constexpr std::chrono::hours kEnds{12};

  explicit Comparer(crdt::Repository& repository) : repository_(repository) {}

  // Compares with the peers behind these links, one after another. Those of an earlier call whose
  // turn has not come are dropped.
  void begin(crdt::Instant now, std::vector<LinkId> links);

  // What the peer behind `link` said. A sentence where it broke a rule. After kNames, `accepted`
  // says whether to ask for what it names.
  std::optional<std::string> take(crdt::Instant now, LinkId link, const Compare& compare,
                                  bool& accepted);
  void tick(crdt::Instant now);
  void lost(crdt::Instant now, LinkId link);
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // Whether the walk that is under way is this one's; it then wants each item, and its end.
  [[nodiscard]] bool walks() const;
  void meet(const crdt::Repository::Item& item);
  void walked(crdt::Instant now);

  // What is to be done, since the last call: a walk from the first row; messages; links whose whole
  // logs are to be compared.
  [[nodiscard]] bool take_walk() { return std::exchange(walk_wanted_, false); }
  [[nodiscard]] std::vector<std::pair<LinkId, Compare>> take_said() {
    return std::exchange(said_, {});
  }
  // Whether some peer, or this side, could not compare just then: it is worth another try soon.
  [[nodiscard]] bool take_busy() { return std::exchange(busy_, false); }
  [[nodiscard]] std::vector<LinkId> take_rescans() { return std::exchange(rescans_, {}); }

  struct Counts {
    std::uint64_t same = 0;      // Ended with nothing that differed.
    std::uint64_t differed = 0;  // Ended with something that was then asked for.
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::optional<crdt::Instant> last_ended() const { return last_ended_; }

 private:
  enum class Phase { kAsking, kCollecting, kTelling, kFinding };

  struct Run {
    LinkId link;
    std::uint32_t round = 0;
    bool begins = false;  // This side began.
    crdt::Instant until{};
    Phase phase = Phase::kAsking;
    unsigned tries = 0;
    std::optional<crdt::Instant> try_at;
    std::uint64_t mask = 0;  // The parts that are compared.
    std::vector<std::uint64_t> items;
    std::optional<crdt::SymbolSource> source;
    std::optional<crdt::SetDecoder> decoder;
    std::vector<crdt::CodedSymbol> early;  // That came while this side still collected.
    std::set<std::uint32_t> wanted;        // Hashes of items to be found by name.
    std::vector<std::uint32_t> lacked;     // Of those that the beginner alone holds.
    Compare names;                         // Found, and not said yet.
    std::size_t heard = 0;                 // Names.
  };

  using Verdict = std::optional<std::string>;

  void next(crdt::Instant now);
  void ask(crdt::Instant now);
  void end(crdt::Instant now);
  void say(Compare compare);
  void answer(LinkId link, std::uint32_t round, Compare::Step step);
  void collect(crdt::Instant now);
  void find(crdt::Instant now);
  void say_names(std::size_t at_least);
  void send_symbols();
  void take_symbols(crdt::Instant now);
  void give_up(crdt::Instant now);
  [[nodiscard]] std::uint64_t mask_of(const Compare& sums) const;
  Verdict on_question(crdt::Instant now, LinkId link, const Compare& compare);
  Verdict on_answer(crdt::Instant now, const Compare& compare);
  Verdict on_symbols(crdt::Instant now, const Compare& compare);

  crdt::Repository& repository_;
  std::optional<Run> run_;
  std::vector<LinkId> turns_;  // The last one is next.
  std::uint32_t round_ = 0;
  bool walk_wanted_ = false;
  bool busy_ = false;
  std::vector<std::pair<LinkId, Compare>> said_;
  std::vector<LinkId> rescans_;
  Counts counts_;
  std::optional<crdt::Instant> last_ended_;
};

}  // namespace gossip

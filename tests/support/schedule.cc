#include "tests/support/schedule.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#include "crdt/codec.h"
#include "crdt/state_hash.h"
#include "tests/support/case_count.h"

namespace tests {
namespace {

using crdt::Applied;
using crdt::Delta;
using crdt::Document;
using crdt::Fragment;

struct Peer {
  Document document;
  Seen seen = 0;
  int author = 0;
  crdt::VersionVector previous;  // After its last own event; empty before the first.
  std::vector<std::pair<Document, Seen>> backups;
};

struct Packet {
  std::size_t to = 0;
  Delta delta;
  Seen base = 0;   // What it follows.
  Seen gains = 0;  // What it brings.
};

struct Question {
  std::size_t from = 0;  // Who answers.
  std::size_t to = 0;    // Who asked.
  crdt::VersionVector asker;
  Seen asker_seen = 0;
  Fragment answer;
  Seen answer_seen = 0;
};

Document joined(Document a, const Document& b) {
  require(a.merge(b.fragment(a.context())).has_value(), "a fresh fragment was refused");
  return a;
}

class Run {
 public:
  Run(const Subject& subject, Choices& choices) : subject_(subject), choices_(choices) {
    peers_.resize(2 + choices_.below(4));
    for (Peer& peer : peers_) peer.author = authors_++;
  }

  void go() {
    for (std::uint64_t steps = 4 + choices_.below(22); steps > 0; --steps) {
      Peer& peer = peers_[choices_.below(peers_.size())];
      const std::uint64_t kind = choices_.below(100);
      if (kind < 40) {
        event(peer);
      } else if (kind < 68 && !packets_.empty()) {
        deliver();
      } else if (kind < 94) {
        exchange();
      } else {
        back_up_or_restore(peer);
      }
    }
    check_laws();
    converge();
  }

 private:
  void check(const Peer& peer) {
    check_leaves(peer.document, reference_, peer.seen, authors_);
    subject_.check(peer.document, reference_, peer.seen);
  }

  void event(Peer& peer) {
    // An event has at most a dozen operations; the reference holds no more than it can.
    if (reference_.operations().size() + 12 > kOperationsMax) return;
    const std::uint64_t request = 1 + choices_.below(kRequests);
    const crdt::Rank time{request_time(request)};
    const bool whole = choices_.percent(20);
    crdt::Edit edit(peer.document, replica_id(peer.author), {request_id(request), "U1"}, time,
                    whole ? crdt::VersionVector{} : peer.previous);
    ReferenceEvent event(reference_, peer.author, peer.seen, request, time.micros);
    subject_.operate(static_cast<unsigned>(choices_.below(subject_.choices)), edit, event);
    require(edit.empty() == (event.made() == 0), "an operation without a dot");
    if (edit.empty()) return;
    const Delta delta = travelled(edit.finish());
    if (choices_.percent(20)) check_delta_is_full_operation(peer, delta);
    take(peer, delta, peer.seen, event.made());
    peer.previous = peer.document.context();
    send(peer, peer, delta, event.before(), event.made());
  }

  // Through the codec and back.
  Delta travelled(const Delta& delta) {
    const crdt::Result<Delta> decoded = crdt::decode_delta(crdt::encode(delta));
    require(decoded && *decoded == delta, "a delta changed on its way through the codec");
    return *decoded;
  }

  Fragment travelled(const Fragment& fragment) {
    const crdt::Result<Fragment> decoded = crdt::decode_fragment(crdt::encode(fragment));
    require(decoded && *decoded == fragment, "a fragment changed on its way through the codec");
    return *decoded;
  }

  void send(const Peer& sender, const Peer& source, const Delta& delta, Seen base, Seen gains) {
    for (std::size_t to = 0; to < peers_.size(); ++to) {
      if (&peers_[to] != &sender && &peers_[to] != &source) {
        packets_.push_back({to, delta, base, gains});
      }
    }
  }

  void check_delta_is_full_operation(const Peer& peer, const Delta& delta) {
    Document after = peer.document;
    require(after.apply(delta) == Applied::kApplied, "an own delta does not apply");
    const Document other = joined(peers_[choices_.below(peers_.size())].document, peer.document);
    Document by_delta = other;
    require(by_delta.apply(delta) == Applied::kApplied, "a delta does not follow its own past");
    require(by_delta == joined(other, after), "a delta is not the full operation");
  }

  void take(Peer& peer, const Delta& delta, Seen base, Seen gains) {
    const bool known = (gains & ~peer.seen) == 0;
    const bool gap = (base & ~peer.seen) != 0;
    const Applied wanted = known ? Applied::kDuplicate : gap ? Applied::kGap : Applied::kApplied;
    const Document before = peer.document;
    crdt::Touched touched;
    require(peer.document.apply(delta, &touched) == wanted, "apply gave another verdict");
    if (wanted == Applied::kApplied) {
      peer.seen |= gains;
      check_touched(before, peer.document, touched);
    } else {
      require(peer.document == before, "a refused delta left a trace");
    }
    check(peer);
  }

  // Groups and marks that were not named stayed as they were.
  static void check_touched(const Document& before, const Document& after,
                            const crdt::Touched& touched) {
    const auto unnamed = [&](const Document& document) {
      Document::Groups groups = document.groups();
      for (const std::string& name : touched.groups) groups.erase(name);
      std::vector<crdt::HandledMark> marks(document.marks().begin(), document.marks().end());
      std::erase_if(marks, [&](const crdt::HandledMark& mark) {
        return std::binary_search(touched.marks.begin(), touched.marks.end(), mark.dot);
      });
      return std::pair(std::move(groups), std::move(marks));
    };
    require(unnamed(before) == unnamed(after), "a delta touched what it did not name");
  }

  void deliver() {
    const std::size_t index = choices_.below(packets_.size());
    const Packet packet = packets_[index];
    if (choices_.percent(40)) packets_.erase(packets_.begin() + static_cast<long>(index));
    if (choices_.percent(15)) return;  // Lost, or delayed.
    take(peers_[packet.to], packet.delta, packet.base, packet.gains);
  }

  void exchange() {
    if (questions_.empty() || choices_.percent(40)) {
      Question question;
      question.from = choices_.below(peers_.size());
      question.to = choices_.below(peers_.size());
      question.asker = peers_[question.to].document.context();
      question.asker_seen = peers_[question.to].seen;
      answer(question);
      questions_.push_back(question);
      return;
    }
    const std::size_t index = choices_.below(questions_.size());
    Question question = questions_[index];
    if (choices_.percent(70)) questions_.erase(questions_.begin() + static_cast<long>(index));
    if (choices_.percent(50)) answer(question);  // Late, from a newer state.
    if (choices_.percent(20)) question.to = choices_.below(peers_.size());  // To somebody else.
    merge(question);
  }

  void answer(Question& question) {
    const Peer& from = peers_[question.from];
    question.answer = travelled(from.document.fragment(question.asker));
    question.answer_seen = from.seen;
  }

  void merge(const Question& question) {
    Peer& peer = peers_[question.to];
    const Seen before = peer.seen;
    const Document old = peer.document;
    const std::optional<Delta> brought = peer.document.merge(question.answer);
    const bool covered = (question.asker_seen & ~before) == 0;
    require(brought.has_value() == covered, "a fragment was taken or refused wrongly");
    if (!covered) {
      require(peer.document == old, "a refused fragment left a trace");
      return;
    }
    peer.seen |= question.answer_seen;
    check(peer);
    require(brought->advance.empty() == (peer.seen == before), "what a fragment brought");
    Document replayed = old;
    replayed.apply(travelled(*brought));
    require(replayed == peer.document, "an interval is not what the fragment brought");
    if (peer.seen != before) {
      send(peer, peers_[question.from], *brought, before, peer.seen & ~before);
    }
  }

  void back_up_or_restore(Peer& peer) {
    if (peer.backups.empty() || choices_.percent(50)) {
      peer.backups.emplace_back(peer.document, peer.seen);
      return;
    }
    std::tie(peer.document, peer.seen) = peer.backups[choices_.below(peer.backups.size())];
    peer.author = authors_++;
    peer.previous = {};
    check(peer);
  }

  void check_laws() {
    const Document& a = peers_[0].document;
    const Document& b = peers_[1].document;
    const Document& c = peers_.back().document;
    const Document ab = joined(a, b);
    require(ab == joined(b, a), "join does not commute");
    require(joined(ab, c) == joined(a, joined(b, c)), "join does not associate");
    require(joined(ab, ab) == ab && joined(ab, a) == ab, "join is not idempotent");
  }

  void converge() {
    for (Peer& to : peers_) {
      for (const Peer& from : peers_) to.document = joined(to.document, from.document);
      for (const Peer& from : peers_) to.seen |= from.seen;
      check(to);
    }
    for (Peer& to : peers_) {
      to.document = joined(to.document, peers_.back().document);
      require(to.document == peers_.back().document, "peers did not converge");
    }
    require(state_hash(peers_.front().document) == state_hash(peers_.back().document),
            "equal documents hash differently");
  }

  const Subject& subject_;
  Choices& choices_;
  ReferenceDocument reference_;
  int authors_ = 0;
  std::vector<Peer> peers_;
  std::vector<Packet> packets_;
  std::vector<Question> questions_;
};

}  // namespace

void run_schedule(const Subject& subject, Choices& choices) { Run(subject, choices).go(); }

std::string run_law_cases(const Subject& subject) {
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    SeededChoices choices(seed);
    try {
      run_schedule(subject, choices);
    } catch (const Broken& broken) {
      return std::string(subject.name) + ", seed " + std::to_string(seed) + ": " + broken.what();
    }
  }
  return {};
}

}  // namespace tests

#include "tests/support/crdt_subjects.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "crdt/add_wins_set.h"
#include "crdt/counter.h"
#include "crdt/mv_register.h"
#include "crdt/remove_wins_set.h"

namespace tests {
namespace {

const std::vector<std::string> kNames = {"x", "y/z", ""};

// How crdt/path.h writes kNames.
const std::vector<std::string> kEscaped = {"x", "y%2Fz", "%"};

bool has_seen(const Operation& operation, std::size_t index) {
  return operation.history >> index & 1;
}

// Calls `visit(index, operation)` for what is in `seen` on `path`.
template <class Visit>
void for_each_on(const ReferenceDocument& reference, const std::string& path, Seen seen,
                 Visit visit) {
  for (std::size_t i = 0; i < reference.operations().size(); ++i) {
    const Operation& operation = reference.operations()[i];
    if ((seen >> i & 1) && operation.path == path) visit(i, operation);
  }
}

// --- document
// -------------------------------------------------------------------------------------

constexpr unsigned kMixed = 7 * 7 * 7;

// Up to three writes and removes over three paths: `choice` holds three digits to base 7, and 6 is
// nothing. kMixed writes x and removes y/z; kMixed + 1 writes y/z.
void document_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  if (choice == kMixed) choice = 0 + 7 * 4 + 49 * 6;
  if (choice == kMixed + 1) choice = 1 + 7 * 6 + 49 * 6;
  for (int i = 0; i < 3; ++i, choice /= 7) {
    const unsigned digit = choice % 7;
    if (digit == 6) continue;
    const std::string path = "g/" + kEscaped[digit % 3];
    if (digit < 3) {
      const std::string value = "v" + std::to_string(event.request());
      edit.write(path, value);
      event.write(path, value);
    } else {
      edit.remove(path);
      event.remove(path);
    }
  }
}

void document_check(const crdt::Document&, const ReferenceDocument&, Seen) {}

// --- multi-value register
// -------------------------------------------------------------------------

void mv_register_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  const crdt::MvRegister field("r");
  if (choice < 2) {
    const std::string value(1, choice == 0 ? 'p' : 'q');
    field.write(edit, value);
    event.write("r", value);
  } else {
    field.clear(edit);
    event.remove("r");
  }
}

void mv_register_check(const crdt::Document& document, const ReferenceDocument& reference,
                       Seen seen) {
  const crdt::MvRegister field("r");
  std::vector<const Operation*> live = reference.live_at("r", seen);
  const crdt::Leaf* winner = field.winner(document);
  require((winner == nullptr) == live.empty(), "a winner without a live write, or the reverse");
  if (winner == nullptr) return;
  const auto key = [](const Operation* operation) {
    return std::tuple(operation->rank, operation->value, replica_id(operation->author),
                      operation->number);
  };
  std::sort(live.begin(), live.end(), [&](auto* a, auto* b) { return key(a) > key(b); });
  require(winner->value == live.front()->value && winner->rank.micros == live.front()->rank,
          "the winner is not the greatest");
  std::vector<const Operation*> shown;
  for (const Operation* operation : live) {
    const bool known = std::any_of(shown.begin(), shown.end(), [&](const Operation* other) {
      return other->value == operation->value || other->request == operation->request;
    });
    if (!known) shown.push_back(operation);
  }
  const std::vector<const crdt::Leaf*> values = field.values(document);
  require(values.size() == shown.size(), "another number of different values");
  require(field.is_conflict(document) == (shown.size() > 1), "wrong about the conflict");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    require(values[i]->value == shown[i]->value, "different values in another order");
  }
}

// --- add-wins set
// ---------------------------------------------------------------------------------

void add_wins_set_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  const crdt::AddWinsSet set("s");
  const std::size_t name = choice / 2;
  if (choice % 2 == 0) {
    set.add(edit, kNames[name]);
    event.write("s/" + kEscaped[name], "");
  } else {
    set.remove(edit, kNames[name]);
    event.remove("s/" + kEscaped[name]);
  }
}

// An element is in if some add of it was seen by no remove.
void add_wins_set_check(const crdt::Document& document, const ReferenceDocument& reference,
                        Seen seen) {
  const crdt::AddWinsSet set("s");
  std::set<std::string> wanted;
  for (std::size_t name = 0; name < kNames.size(); ++name) {
    const std::string path = "s/" + kEscaped[name];
    for_each_on(reference, path, seen, [&](std::size_t add, const Operation& added) {
      bool taken = !added.writes;
      for_each_on(reference, path, seen, [&](std::size_t, const Operation& other) {
        taken = taken || (!other.writes && has_seen(other, add));
      });
      if (!taken) wanted.insert(kNames[name]);
    });
    require(set.contains(document, kNames[name]) == wanted.contains(kNames[name]),
            "add-wins membership");
  }
  const std::vector<crdt::Bytes> elements = set.elements(document);
  require(std::set<std::string>(elements.begin(), elements.end()) == wanted &&
              elements.size() == wanted.size(),
          "add-wins elements");
}

// --- remove-wins set
// ------------------------------------------------------------------------------

void remove_wins_set_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  const crdt::RemoveWinsSet set("m");
  const std::size_t name = choice / 2;
  if (choice % 2 == 0) {
    set.grant(edit, kNames[name]);
    event.write("m/" + kEscaped[name], "in");
  } else {
    set.revoke(edit, kNames[name]);
    event.write("m/" + kEscaped[name], "out");
  }
}

// A member was granted, and every revocation was seen by some grant.
void remove_wins_set_check(const crdt::Document& document, const ReferenceDocument& reference,
                           Seen seen) {
  const crdt::RemoveWinsSet set("m");
  std::set<std::string> wanted;
  for (std::size_t name = 0; name < kNames.size(); ++name) {
    const std::string path = "m/" + kEscaped[name];
    bool granted = false;
    bool stands = true;
    for_each_on(reference, path, seen, [&](std::size_t vote, const Operation& cast) {
      granted = granted || cast.value == "in";
      if (cast.value == "in") return;
      bool answered = false;
      for_each_on(reference, path, seen, [&](std::size_t, const Operation& other) {
        answered = answered || (other.value == "in" && has_seen(other, vote));
      });
      stands = stands && answered;
    });
    if (granted && stands) wanted.insert(kNames[name]);
    require(set.contains(document, kNames[name]) == (granted && stands), "remove-wins membership");
  }
  const std::vector<crdt::Bytes> elements = set.elements(document);
  require(std::set<std::string>(elements.begin(), elements.end()) == wanted &&
              elements.size() == wanted.size(),
          "remove-wins elements");
}

// --- counter
// --------------------------------------------------------------------------------------

std::string sums_text(std::uint64_t added, std::uint64_t taken) {
  std::string text;
  for (const std::uint64_t sum : {added, taken}) {
    for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(sum >> shift & 255);
  }
  return text;
}

void counter_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  static constexpr std::int64_t kAmounts[] = {1, -1, 5, 0, -7};
  const std::int64_t amount = kAmounts[choice % 5];
  crdt::Counter("n").add(edit, amount);
  std::uint64_t added = amount > 0 ? amount : 0;
  std::uint64_t taken = amount < 0 ? -amount : 0;
  for (const Operation& earlier : event.document().operations()) {
    if (earlier.author != event.author()) continue;
    (earlier.amount > 0 ? added : taken) += std::abs(earlier.amount);
  }
  char path[32];
  std::snprintf(path, sizeof path, "n/%016llx",
                static_cast<unsigned long long>(replica_id(event.author()).value));
  event.write(path, sums_text(added, taken), amount);
}

void counter_check(const crdt::Document& document, const ReferenceDocument& reference, Seen seen) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < reference.operations().size(); ++i) {
    if (seen >> i & 1) total += reference.operations()[i].amount;
  }
  require(crdt::Counter("n").total(document) == total, "the counter is not the sum of its adds");
}

}  // namespace

crdt::ReplicaId replica_id(int author) {
  return crdt::ReplicaId{0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(author + 1)};
}

crdt::RequestId request_id(std::uint64_t request) {
  return crdt::RequestId{0, 0x0123456789ABCDEFULL * request};
}

std::int64_t request_time(std::uint64_t request) {
  return static_cast<std::int64_t>(request) * 20 * 60 * 1'000'000;
}

void check_leaves(const crdt::Document& document, const ReferenceDocument& reference, Seen seen,
                  int authors) {
  std::size_t entries = 0;
  for (int author = 0; author < authors; ++author) {
    const auto count = static_cast<std::uint64_t>(reference.count_of(author, seen));
    require(document.context().of(replica_id(author)) == count, "the vector miscounts");
    if (count > 0) ++entries;
  }
  require(document.context().entries().size() == entries, "the vector names a stranger");
  const std::vector<crdt::Leaf> leaves = document.leaves();
  const std::vector<const Operation*> live = reference.live(seen);
  require(leaves.size() == live.size(), "another number of live leaves");
  require(leaves.size() == document.leaf_count(), "the index miscounts");
  for (const Operation* operation : live) {
    const crdt::Dot dot{replica_id(operation->author),
                        static_cast<std::uint64_t>(operation->number)};
    const auto leaf = std::find_if(leaves.begin(), leaves.end(),
                                   [&](const crdt::Leaf& one) { return one.dot == dot; });
    require(leaf != leaves.end(), "a live write has no leaf");
    require(leaf->path == operation->path && leaf->value == operation->value &&
                leaf->rank.micros == operation->rank &&
                leaf->stamp.request == request_id(operation->request),
            "a leaf has changed");
  }
}

const Subject kDocumentSubject = {"document", kMixed + 2,       kMixed,        2,
                                  false,      document_operate, document_check};
const Subject kMvRegisterSubject = {"mv_register",    3, 0, 2, false, mv_register_operate,
                                    mv_register_check};
const Subject kAddWinsSetSubject = {"add_wins_set",    6, 0, 2, false, add_wins_set_operate,
                                    add_wins_set_check};
const Subject kRemoveWinsSetSubject = {
    "remove_wins_set", 6, 0, 2, false, remove_wins_set_operate, remove_wins_set_check};
const Subject kCounterSubject = {"counter", 5, 0, 2, false, counter_operate, counter_check};

}  // namespace tests

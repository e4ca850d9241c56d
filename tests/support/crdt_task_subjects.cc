// The subjects that speak of requests and of tasks: the handled set, and entities with a core leaf.
#include <algorithm>
#include <set>

#include "crdt/core_leaf.h"
#include "crdt/handled_set.h"
#include "tests/support/crdt_subjects.h"

namespace tests {
namespace {

// --- handled set

constexpr std::int64_t kHourMicros = 3'600'000'000;

std::string mark_of(std::uint64_t request) {
  const crdt::RequestId id = request_id(request);
  char path[64];
  std::snprintf(path, sizeof path, "h/%016llx%016llx", static_cast<unsigned long long>(id.high),
                static_cast<unsigned long long>(id.low));
  return path;
}

std::vector<std::string> live_marks(const ReferenceEvent& event) {
  std::set<std::string> marks;
  for (const Operation* operation : event.document().live(event.before())) {
    if (operation->path.starts_with("h/")) marks.insert(operation->path);
  }
  return {marks.begin(), marks.end()};
}

void reference_sweep(ReferenceEvent& event, std::int64_t now) {
  std::vector<std::string> marks = live_marks(event);
  const std::string own = mark_of(event.request());
  std::rotate(marks.begin(), std::upper_bound(marks.begin(), marks.end(), own), marks.end());
  if (marks.size() > 8) marks.resize(8);
  for (const std::string& mark : marks) {
    const auto live = event.document().live_at(mark, event.before());
    // A request that several replicas handled keeps its marks.
    const bool old = live.size() == 1 && (*live.begin())->rank < now - kHourMicros;
    if (mark != own && old) event.remove(mark);
  }
}

// 0: a change of the register "r". 1: the same, and a sweep. 2: a sweep in the far future.
void handled_set_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  const std::string mark = mark_of(event.request());
  if (choice < 2 && !crdt::is_handled(edit.document(), edit.stamp().request)) {
    crdt::add_handled(edit);
    event.write_ranked(mark, "", request_time(event.request()));
    const std::string value = "v" + std::to_string(event.request());
    edit.write("r", value);
    event.write("r", value);
  }
  if (choice == 0) return;
  const std::int64_t now = request_time(choice == 1 ? kRequests : 2 * kRequests);
  crdt::expire_handled(edit, crdt::Rank{now});
  reference_sweep(event, now);
}

void handled_set_check(const crdt::Document& document, const ReferenceDocument& reference,
                       Seen seen) {
  for (std::uint64_t request = 1; request <= kRequests; ++request) {
    const bool marked = !reference.live_at(mark_of(request), seen).empty();
    require(crdt::is_handled(document, request_id(request)) == marked, "the mark of a request");
  }
}

// --- entities with a core leaf

const std::vector<std::string> kFields = {"core", "status", "text"};

std::set<std::string> existing(const ReferenceDocument& reference, Seen seen) {
  std::set<std::string> ids;
  for (const Operation* operation : reference.live(seen)) {
    if (operation->path.ends_with("/core")) {
      ids.insert(operation->path.substr(2, operation->path.size() - 7));
    }
  }
  return ids;
}

void write_field(crdt::Edit& edit, ReferenceEvent& event, const std::string& id,
                 const std::string& field) {
  const std::string value = field + std::to_string(event.request());
  edit.write(crdt::field_path("t", id, field), value);
  event.write("t/" + id + "/" + field, value);
}

void purge(crdt::Edit& edit, ReferenceEvent& event, const std::string& id) {
  crdt::purge_entity(edit, "t", id);
  for (const std::string& field : kFields) {
    const std::string path = "t/" + id + "/" + field;
    if (!event.document().live_at(path, event.before()).empty()) event.remove(path);
  }
}

void sweep_orphans(crdt::Edit& edit, ReferenceEvent& event) {
  for (const std::string& path : crdt::orphans(edit.document(), "t")) edit.remove(path);
  const std::set<std::string> ids = existing(event.document(), event.before());
  std::set<std::string> paths;
  for (const Operation* operation : event.document().live(event.before())) {
    const std::string id = operation->path.substr(2, operation->path.rfind('/') - 2);
    if (!ids.contains(id)) paths.insert(operation->path);
  }
  for (const std::string& path : paths) event.remove(path);
}

// 0: create or restore whole. 1: edit. 2: purge. 3: sweep. Of a few tasks, by the other digits.
void core_leaf_operate(unsigned choice, crdt::Edit& edit, ReferenceEvent& event) {
  const std::string id = std::to_string(choice / 4);
  const bool exists = existing(event.document(), event.before()).contains(id);
  switch (choice % 4) {
    case 0:
      for (const std::string& field : kFields) write_field(edit, event, id, field);
      break;
    case 1:
      if (exists) write_field(edit, event, id, kFields[1 + event.request() % 2]);
      break;
    case 2:
      if (exists) purge(edit, event, id);
      break;
    default:
      sweep_orphans(edit, event);
  }
}

void core_leaf_check(const crdt::Document& document, const ReferenceDocument& reference,
                     Seen seen) {
  const std::set<std::string> wanted = existing(reference, seen);
  const std::vector<crdt::Bytes> ids = crdt::entities(document, "t");
  require(std::set<std::string>(ids.begin(), ids.end()) == wanted && ids.size() == wanted.size(),
          "entities are not those with a core leaf");
  for (const std::string& id : ids) {
    require(crdt::entity_exists(document, "t", id), "a listed entity does not exist");
    for (const std::string& field : kFields) {
      require(!document.at(crdt::field_path("t", id, field)).empty(), "half an entity is visible");
    }
  }
  for (const std::string& path : crdt::orphans(document, "t")) {
    require(!wanted.contains(path.substr(2, path.rfind('/') - 2)), "a visible leaf is no orphan");
  }
}

}  // namespace

const Subject kHandledSetSubject = {"handled_set",    3, 1, 2, false, handled_set_operate,
                                    handled_set_check};
const Subject kCoreLeafSubject = {"core_leaf", 12, 1, 2, true, core_leaf_operate, core_leaf_check};

}  // namespace tests

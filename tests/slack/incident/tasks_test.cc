#include "slack/incident/tasks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crdt/edit.h"
#include "slack/incident/status_set.h"
#include "slack/incident/timeline.h"

namespace slack::incident {
namespace {

TEST(TaskCore, SurvivesEncoding) {
  const Core core{7, 'b', false, std::chrono::seconds(1531420618)};
  EXPECT_EQ(encode(core), "7b 1531420618");
  EXPECT_EQ(decode_core(encode(core)), core);
  const Core split{kTaskNumberMax, 'z', true, std::chrono::seconds(999'999'999'999)};
  EXPECT_EQ(encode(split), "999999999z! 999999999999");
  EXPECT_EQ(decode_core(encode(split)), split);
}

TEST(TaskCore, RefusesWhatIsNone) {
  for (const std::string_view bytes : {"",
                                       "7",
                                       "7b",
                                       "7b ",
                                       "7b!",
                                       "7b 1 ",
                                       " 7b 1",
                                       "xb 1",
                                       "7B 1",
                                       "7bb 1",
                                       "7b? 1",
                                       "7b!! 1",
                                       "7b x",
                                       "7b 1x",
                                       "7b -1",
                                       "7 b 1",
                                       "1000000000b 1",
                                       "-1b 1",
                                       "7b 1000000000000",
                                       "7b 99999999999999999999"}) {
    EXPECT_FALSE(decode_core(bytes).has_value()) << bytes;
  }
}

RC_GTEST_PROP(TaskCore, DecodingTakesAnyBytes, (std::string bytes)) {
  const auto core = decode_core(bytes);
  if (core) RC_ASSERT(decode_core(encode(*core)) == core);
}

TEST(TaskId, ComesFromTheRequestAlone) {
  EXPECT_EQ(task_id({0x3f9c, 1}), "0000000000003f9c");
  EXPECT_EQ(task_id({0x3f9c, 1}, 1), "0000000000003f9c-1");
}

TEST(ReadTasks, SkipsTasksWithoutALiveCore) {
  crdt::Document document;
  crdt::Edit edit(document, crdt::ReplicaId{1}, {}, crdt::Rank{5});
  edit.write(text_path("aa"), "an orphan");
  edit.write(core_path("bb"), encode(Core{4, 'a', false, {}}));
  edit.write(text_path("bb"), "a task");
  edit.write(status_path("cc"), "red");
  edit.write("t/odd", "no field");
  ASSERT_EQ(document.apply(edit.finish()), crdt::Applied::kApplied);
  const TaskList list = read_tasks(document);
  ASSERT_EQ(list.tasks.size(), 1U);
  EXPECT_EQ(list.tasks.front().text.value(), "a task");
  EXPECT_EQ(list.tasks.front().status_name(StatusSet::standard()), "assigned");
  EXPECT_EQ(list.number_max, 4U);
}

// Two replicas' cores and texts, side by side: shared numbers, several numbers of one task, cores
// that do not decode, texts without a core.
crdt::Document random_tasks() {
  const std::vector<std::string> cores{"1a 5",  "1b 5", "2a 5",  "2b! 5", "3a! 5",
                                       "12a 5", "2b",   "3xa 5", "01c 5", "none"};
  crdt::Document all;
  for (const std::uint64_t replica : {1, 2}) {
    crdt::Document own;
    crdt::Edit edit(own, crdt::ReplicaId{replica}, {}, crdt::Rank{5});
    for (const std::string id : {"aa", "aa-1", "bb", "bb/who"}) {
      if (*rc::gen::inRange(0, 3) > 0) edit.write(core_path(id), *rc::gen::elementOf(cores));
      if (*rc::gen::inRange(0, 2) > 0) edit.write(text_path(id), "1a 5 is " + id);
    }
    if (edit.empty()) continue;
    const crdt::Delta delta = edit.finish();
    RC_ASSERT(all.apply(delta) == crdt::Applied::kApplied);
  }
  return all;
}

RC_GTEST_PROP(ReadTasks, FindsByNumberWhatTheWholeListFinds, ()) {
  const crdt::Document document = random_tasks();
  TaskList whole = read_tasks(document);
  const auto shown = [](const std::vector<Task*>& tasks) {
    std::vector<std::string> lines;
    for (const Task* task : tasks) {
      lines.push_back(task->label() + ' ' + std::string(task->id) + ' ' + encode(task->core) + ' ' +
                      std::string(task->text.value()));
    }
    return lines;
  };
  for (const std::uint32_t number : {1, 2, 3, 12, 4}) {
    for (const char letter : {'\0', 'a', 'b'}) {
      const std::vector<TaskRef> refs{{number, letter}, {1, 0}};
      TaskList called = read_tasks_called(document, refs);
      for (const TaskRef& ref : refs) RC_ASSERT(shown(called.find(ref)) == shown(whole.find(ref)));
    }
  }
}

RC_GTEST_PROP(ReadTasks, KnowsFromCoresAloneWhatAnAddAsks, ()) {
  const crdt::Document document = random_tasks();
  const TaskList whole = read_tasks(document);
  for (const std::string_view id : {"aa", "aa-1", "bb", "cc"}) {
    const Minted minted = read_minted(document, id);
    RC_ASSERT(minted.number_max == whole.number_max);
    RC_ASSERT(minted.exists == std::any_of(whole.tasks.begin(), whole.tasks.end(),
                                           [&](const Task& task) { return task.id == id; }));
  }
}

TEST(ReadTasks, KeepsTheGreatestNumberThoughItsTaskIsPurged) {
  crdt::Document document;
  crdt::Edit edit(document, crdt::ReplicaId{1}, {}, crdt::Rank{5});
  edit.write(kNumberPath, "9");
  ASSERT_EQ(document.apply(edit.finish()), crdt::Applied::kApplied);
  EXPECT_EQ(read_tasks(document).number_max, 9U);
}

TEST(StatusSet, SaysWhatIsWrongWithAConfiguration) {
  const Status open{"open", "o", false, {}};
  const Status done{"done", "d", true, {}};
  const Status canceled{"canceled", "c", true, {}};
  const auto bad = [](std::vector<Status> statuses) {
    return StatusSet::make(std::move(statuses)).has_error();
  };
  EXPECT_FALSE(bad({open, done, canceled}));
  EXPECT_TRUE(bad({}));
  EXPECT_TRUE(bad({open, done}));
  EXPECT_TRUE(bad({done, open, canceled}));
  EXPECT_TRUE(bad({open, done, canceled, open}));
  EXPECT_TRUE(bad({open, done, canceled, {"next", "n", false, {"open"}}}));
  EXPECT_TRUE(bad({open, done, canceled, {"Upper", "n", false, {}}}));
  EXPECT_TRUE(bad({open, done, canceled, {"9", "n", false, {}}}));
  EXPECT_TRUE(bad({open, done, canceled, {"next", "", false, {}}}));
  EXPECT_TRUE(bad({open, done, canceled, {"next", "<!channel>", false, {}}}));
  EXPECT_TRUE(bad({open, {"done", "d", false, {}}, canceled}));
}

TEST(Timeline, EntrySurvivesEncoding) {
  const Entry entry{{0x1234567890abcdef, 42},
                    crdt::WallTime(std::chrono::seconds(1531420618)),
                    "add",
                    "disk \"full\" <@U1>\n🔥\xFF",
                    "U1",
                    "T1",
                    "channel/T1/C1"};
  const std::string bytes = encode(entry);
  const auto decoded = decode_entry(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, entry);
}

TEST(Timeline, DetailTellsWhatADeltaReplaces) {
  crdt::Document document;
  crdt::Edit before(document, crdt::ReplicaId{3}, {{}, "U2"}, crdt::Rank{5});
  before.write(status_path("aa"), "red");
  ASSERT_EQ(document.apply(before.finish()), crdt::Applied::kApplied);
  crdt::Edit edit(document, crdt::ReplicaId{0xfedcba9876543210}, {{}, "U1"}, crdt::Rank{6});
  edit.write(kNumberPath, "bookkeeping");
  edit.write(status_path("aa"), "done");
  edit.write(text_path("aa"), "new");
  const crdt::ReplicaId self{0xfedcba9876543210};
  const Detail detail{{1, 2},
                      self,
                      {{"t/aa/status", {{"red", "U2", {crdt::ReplicaId{3}, 1}}}, "done", {self, 2}},
                       {"t/aa/text", {}, "new", {self, 3}}}};
  const std::string bytes = encode_detail(document, edit.finish(), {1, 2}, self);
  EXPECT_EQ(bytes, encode(detail));
  const auto decoded = decode_detail(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, detail);
}

TEST(Timeline, RefusesWhatEndsTooEarlyAndSkipsWhatALaterFormAdds) {
  const std::string entry = encode(Entry{{1, 2}, {}, "add", "one", "U1", "T1", "channel/T1/C1"});
  for (std::size_t size = 0; size < entry.size(); ++size) {
    EXPECT_FALSE(decode_entry(entry.substr(0, size)).has_value()) << size;
  }
  EXPECT_TRUE(decode_entry(entry + "more").has_value());
  EXPECT_FALSE(decode_detail(entry).has_value());
  crdt::Document document;
  crdt::Edit edit(document, crdt::ReplicaId{3}, {}, crdt::Rank{5});
  edit.write(status_path("aa"), "red");
  const std::string detail = encode_detail(document, edit.finish(), {1, 2}, crdt::ReplicaId{3});
  for (std::size_t size = 0; size < detail.size(); ++size) {
    EXPECT_FALSE(decode_detail(detail.substr(0, size)).has_value()) << size;
  }
  EXPECT_TRUE(decode_detail(detail + "more").has_value());
  EXPECT_FALSE(decode_entry(detail).has_value());
}

RC_GTEST_PROP(Timeline, DecodingTakesAnyBytes, (std::string bytes)) {
  // Most do not begin as a record does.
  if (!bytes.empty()) bytes.front() = *rc::gen::element('\1', '\2', bytes.front());
  const auto entry = decode_entry(bytes);
  if (entry) {
    const std::string again = encode(*entry);
    RC_ASSERT(decode_entry(again).value() == *entry);
  }
  const auto detail = decode_detail(bytes);
  if (detail) RC_ASSERT(decode_detail(encode(*detail)).value() == *detail);
}

}  // namespace
}  // namespace slack::incident

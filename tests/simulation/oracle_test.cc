// The checkers themselves: each complains about what it is for, and about nothing else.
#include "simulation/oracle.h"

#include <gtest/gtest.h>

#include "node/replica_records.h"
#include "simulation/slack_workspace.h"
#include "slack/incident/tasks.h"

namespace {

using namespace simulation;
using slack::incident::Detail;
using slack::incident::FieldChange;

constexpr crdt::ReplicaId kA{1};
constexpr crdt::ReplicaId kB{2};
constexpr std::int64_t kFirstSecond = 1'790'000'000;

// What `view`'s store is known to have.
Outline outline(const StoreView& view) {
  Outline seen;
  for (const auto& [request, count] : view.told()) seen.told.insert(request);
  for (const auto& [key, value] : view.requests) seen.requests.insert(key);
  for (const auto& [key, document] : view.documents) seen.contexts.emplace(key, document.context);
  return seen;
}

Command typed(std::uint64_t trigger, const std::string& text) {
  return {1s, trigger, "U1", "C1", text, {Delivery{}}, {}};
}

class OracleTest : public testing::Test {
 protected:
  OracleTest() {
    for (std::size_t i = 0; i < plan_.commands.size(); ++i) {
      promises_.push_back(oracle_.sent(i, 0, 0, kFirstSecond + 10 * static_cast<std::int64_t>(i)));
    }
    put(kA, 1, task() + "/core", "1a 1790000000");
    put(kA, 2, task() + "/text", "disk full");
    handled(0, {kA, {change(task() + "/core", 1), change(task() + "/text", 2, {}, "disk full")}});
  }

  static std::string task() { return "t/" + slack::incident::task_id(request(0)); }
  static crdt::RequestId request(std::size_t command) {
    return SlackWorkspace::request_id(command + 1);
  }

  static FieldChange change(const std::string& path, std::uint64_t counter,
                            const std::vector<crdt::Dot>& replaced = {},
                            const std::string& value = "", crdt::ReplicaId by = kA) {
    FieldChange made{path, {}, value, {by, counter}};
    for (const crdt::Dot& dot : replaced) made.old_values.push_back({"", "U1", dot});
    return made;
  }

  void put(crdt::ReplicaId by, std::uint64_t counter, const std::string& path,
           const std::string& value) {
    DocumentView& document = store_.documents[SlackWorkspace::document_key("C1")];
    document.leaves[path].push_back({path, {by, counter}, {}, {}, value});
    document.context.advance(by, std::max(counter, document.context.of(by)));
  }

  // As a replica's records say that it took this command.
  void handled(std::size_t command, std::pair<crdt::ReplicaId, std::vector<FieldChange>> made,
               std::int64_t second = 0) {
    const crdt::WallTime at{std::chrono::seconds(kFirstSecond + second)};
    const crdt::Record told = node::timeline_record("channel/T1/C1", at, request(command), "entry");
    store_.timeline[told.key] = told.value;
    const Detail detail{request(command), made.first, std::move(made.second)};
    const crdt::Record record =
        node::request_record(made.first, ++events_, {"answer", slack::incident::encode(detail)});
    store_.requests[record.key] = record.value;
  }

  void acknowledge(std::size_t command, const std::string& text) {
    oracle_.answered(1s, command, 0, 0, promises_[command], R"({"text":")" + text + R"("})", kept_);
  }

  std::string property() {
    oracle_.check_store(1s, 0, store_, 2);
    oracle_.check_converged(1s, store_, shown_, {});
    return verdict_.failure() ? verdict_.failure()->property : "";
  }

  const Plan plan_{{},
                   {typed(1, "add disk full"), typed(2, "1 !red"), typed(3, "1 !green"),
                    typed(4, "1 <@U2> !red")},
                   {}};
  Coverage coverage_;
  Verdict verdict_;
  Oracle oracle_{plan_, coverage_, verdict_};
  std::vector<Oracle::Promise> promises_;
  Oracle::Kept kept_;
  Shown shown_;
  StoreView store_;
  std::uint64_t events_ = 0;
};

TEST_F(OracleTest, IsSilentWhereEverythingIsAsItWasAskedFor) {
  acknowledge(0, "Added *#1*");
  EXPECT_EQ(property(), "");
  EXPECT_EQ(oracle_.acknowledged(), 1u);
}

TEST_F(OracleTest, MissesAnAcknowledgedChangeThatIsNotStored) {
  acknowledge(1, "Changed #1");
  EXPECT_EQ(property(), "no acknowledged change is lost");
}

TEST_F(OracleTest, ExcusesAChangeWhoseOnlyDiskWasLost) {
  acknowledge(1, "Changed #1");
  StoreView lost;
  const crdt::Record told = node::timeline_record(
      "channel/T1/C1", crdt::WallTime{std::chrono::seconds(kFirstSecond)}, request(1), "entry");
  lost.timeline[told.key] = told.value;
  oracle_.lost(lost, {});
  EXPECT_EQ(property(), "");
  EXPECT_EQ(coverage_.count(Mark::kWipedWithUnsharedChanges), 1u);
}

TEST_F(OracleTest, SeesAValueThatCameBackAfterItWasReplaced) {
  put(kA, 3, task() + "/status", "red");
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  handled(2, {kB, {change(task() + "/status", 1, {{kA, 3}}, "green", kB)}});
  put(kB, 1, task() + "/status", "green");
  EXPECT_EQ(property(), "nothing replaced comes back");
}

TEST_F(OracleTest, SeesAValueThatNothingReplacedAndThatIsGone) {
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  EXPECT_EQ(property(), "no change is lost unless a later one saw it");
}

TEST_F(OracleTest, SeesAValueThatNobodyAskedFor) {
  put(kA, 3, task() + "/status", "red");
  EXPECT_EQ(property(), "every value was asked for");
}

TEST_F(OracleTest, SeesACommandThatDidSomethingElse) {
  acknowledge(1, "Changed #1");
  put(kA, 3, task() + "/status", "done");
  handled(1, {kA, {change(task() + "/status", 3, {}, "done")}}, 10);
  EXPECT_EQ(property(), "a command does what it says");
}

TEST_F(OracleTest, SeesACommandThatDidHalfOfWhatItSaid) {
  acknowledge(3, "Changed #1");
  put(kA, 3, task() + "/status", "red");
  handled(3, {kA, {change(task() + "/status", 3, {}, "red")}}, 30);
  EXPECT_EQ(property(), "a command does all that it says");
}

// Somebody had said the same of the rest.
TEST_F(OracleTest, ExpectsNoSecondWriteOfWhatIsSoAlready) {
  put(kA, 3, task() + "/status", "red");
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}}, 10);
  acknowledge(3, "Changed #1");
  put(kA, 4, task() + "/who/U2", "1");
  handled(3, {kA, {change(task() + "/who/U2", 4, {}, "1")}}, 30);
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, SeesARetryThatIsAnsweredOtherwise) {
  acknowledge(0, "Added *#1*");
  acknowledge(0, "Added *#1* disk full");
  EXPECT_EQ(property(), "a retry gets the answer that was given");
}

TEST_F(OracleTest, ExpectsNoSuchAnswerOfAStoreThatWasLost) {
  acknowledge(0, "Added *#1*");
  oracle_.answered(1s, 0, 0, 1, promises_[0], R"({"text":"Added *#1* anew"})", kept_);
  EXPECT_EQ(property(), "");
  oracle_.answered(1s, 0, 0, 1, promises_[0], R"({"text":"Added *#1* once more"})", kept_);
  EXPECT_EQ(property(), "a retry gets the answer that was given");
}

// Each of the two has an answer of its own, and a retry gets either.
TEST_F(OracleTest, ExpectsNoSuchAnswerWhereTwoPeersHandledTheRequest) {
  acknowledge(0, "Added *#1*");
  acknowledge(0, "Added *#1* disk full");
  handled(0, {kB, {}});
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, SeesARequestThatReplacedWhatItHadWrittenItself) {
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}}, 10);
  handled(2, {kA, {change(task() + "/status", 4, {{kA, 3}}, "green")}}, 20);
  handled(1, {kB, {change(task() + "/status", 1, {{kA, 4}}, "red", kB)}}, 10);
  put(kB, 1, task() + "/status", "red");
  EXPECT_EQ(property(), "nothing is done twice");
}

TEST_F(OracleTest, SeesALateRequestThatReplacedALaterOne) {
  handled(2, {kA, {change(task() + "/status", 3, {}, "green")}}, 20);
  handled(1, {kA, {change(task() + "/status", 4, {{kA, 3}}, "red")}}, 10);
  put(kA, 4, task() + "/status", "red");
  EXPECT_EQ(property(), "what was asked for later stands");
}

TEST_F(OracleTest, SeesHalfATask) {
  store_.documents[SlackWorkspace::document_key("C1")].leaves.erase(task() + "/core");
  EXPECT_EQ(property(), "no half task");
}

TEST_F(OracleTest, SeesOneTextInTwoTasks) {
  put(kA, 3, "t/other/core", "2 a 0 1 U1");
  put(kA, 4, "t/other/text", "disk full");
  EXPECT_EQ(property(), "nothing is done twice");
}

TEST_F(OracleTest, CountsAndForgivesAChangeOfTwoTasksThatShareANumber) {
  for (const std::string other : {"t/other", "t/third"}) {
    const std::uint64_t counter = other == "t/other" ? 3 : 5;
    put(kA, counter, other + "/core", "2 a 0 1 U1");
    put(kA, counter + 1, other + "/text", "a text that replaced another");
  }
  oracle_.check_store(1s, 0, store_, 2);
  EXPECT_FALSE(verdict_.failure());
  EXPECT_EQ(coverage_.count(Mark::kBareNumberMeantTwo), 1u);
}

TEST_F(OracleTest, SeesTwoTimelineRecordsOfARequestThatWasSignedOnce) {
  handled(0, {kB, {}}, 1);
  EXPECT_EQ(property(), "nothing is done twice");
}

TEST_F(OracleTest, SeesOneDotWithTwoMeanings) {
  EXPECT_EQ(property(), "");
  DocumentView& document = store_.documents[SlackWorkspace::document_key("C1")];
  document.leaves[task() + "/text"].front().value = "another";
  EXPECT_EQ(property(), "every dot is unique");
}

TEST_F(OracleTest, SeesAVectorWithMoreEntriesThanThereWereReplicas) {
  DocumentView& document = store_.documents[SlackWorkspace::document_key("C1")];
  document.context.advance(kB, 1);
  document.context.advance({3}, 1);
  EXPECT_EQ(property(), "a vector has at most an entry for each Replica");
}

TEST_F(OracleTest, SeesAPeerThatDeniesATaskItHasShown) {
  acknowledge(0, "Added *#1*");
  promises_[1] = oracle_.sent(1, 0, 0, kFirstSecond);
  acknowledge(1, "There is no task #1 in this channel.");
  EXPECT_EQ(property(), "a peer shows again what it has shown");
}

TEST_F(OracleTest, SeesAnAnswerThatCameBeforeItWasStored) {
  kept_.here = false;
  acknowledge(0, "Added *#1*");
  EXPECT_EQ(property(), "nothing is answered before it is stored");
}

TEST_F(OracleTest, SeesAPeerWithoutWhatEveryPeerIsSaidToHave) {
  kept_.missing = 2;
  acknowledge(0, "Added *#1*");
  EXPECT_EQ(property(), "a change answered at once is on every peer");
}

TEST_F(OracleTest, SeesAChangeByANumberThatTwoTasksHave) {
  promises_[1].asks = true;
  acknowledge(1, "Changed #1");
  EXPECT_EQ(property(), "of two tasks with one number Muster asks which");
}

TEST_F(OracleTest, KnowsANumberThatTwoTasksWereShownUnder) {
  acknowledge(0, "Added *#1a*");
  EXPECT_EQ(oracle_.shared_number(1), std::nullopt);
  acknowledge(2, "Added *#1b*");
  EXPECT_EQ(oracle_.shared_number(1), 1u);
  EXPECT_EQ(oracle_.shared_number(0), std::nullopt);
}

TEST_F(OracleTest, SeesTwoTasksUnderOneLabel) {
  put(kB, 1, "t/other/core", "1a 1790000000");
  oracle_.check_store(1s, 0, store_, 2);
  ASSERT_TRUE(verdict_.failure());
  EXPECT_EQ(verdict_.failure()->property, "a label is one task's");
}

TEST_F(OracleTest, ExpectsNoUniqueLabelsWhereANumberWasForgotten) {
  put(kB, 1, "t/other/core", "1a 1790000000");
  oracle_.lost({}, {});
  oracle_.check_store(1s, 0, store_, 2);
  EXPECT_FALSE(verdict_.failure());
}

TEST_F(OracleTest, SeesAShownReferenceThatNamesNothing) {
  acknowledge(0, "Added *#2*");
  EXPECT_EQ(property(), "a reference that was shown keeps its meaning");
}

TEST_F(OracleTest, ExcusesOnlyWhatTheLostDiskHadAlone) {
  oracle_.lost(store_, {outline(store_)});
  put(kA, 3, task() + "/status", "red");  // Nobody asked for it.
  EXPECT_EQ(property(), "every value was asked for");
}

TEST_F(OracleTest, ExcusesAValueWhoseRecordOnlyTheLostDiskHad) {
  put(kA, 3, task() + "/status", "red");
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  StoreView without_records = store_;
  without_records.requests.clear();
  oracle_.lost(store_, {outline(without_records)});
  store_ = without_records;
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, ExcusesAValueThatGaveWayToOneWhoseRecordOnlyTheLostDiskHad) {
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  put(kA, 4, task() + "/status", "green");
  const StoreView without_record = store_;
  handled(2, {kA, {change(task() + "/status", 4, {{kA, 3}}, "green")}});
  oracle_.lost(store_, {outline(without_record)});
  store_ = without_record;
  EXPECT_EQ(property(), "");
}

// The first handling of a request was replaced; the second, of another peer, is a rival of what
// replaced it.
TEST_F(OracleTest, SeesALateRetryThatHidesWhatSawTheOriginal) {
  static_cast<void>(oracle_.sent(1, 1, 0, kFirstSecond + 70));  // The retry, signed anew.
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  handled(1, {kB, {change(task() + "/status", 1, {}, "red", kB)}}, 70);
  handled(2, {kA, {change(task() + "/status", 4, {{kA, 3}}, "green")}});
  put(kB, 1, task() + "/status", "red");
  put(kA, 4, task() + "/status", "green");
  crdt::Leaf& green = store_.documents.begin()->second.leaves.at(task() + "/status").back();
  green.stamp.request = request(2);
  const std::string key = SlackWorkspace::document_key("C1");
  shown_[{key, task() + "/status"}] = {kA, 4};
  EXPECT_EQ(property(), "");
  shown_[{key, task() + "/status"}] = {kB, 1};
  EXPECT_EQ(property(), "a late retry hides no change that saw the original");
}

// Somebody who had seen the original set the same again: nothing is hidden.
TEST_F(OracleTest, ForgivesALateRetryOfWhatIsAskedForStill) {
  static_cast<void>(oracle_.sent(1, 1, 0, kFirstSecond + 70));  // The retry, signed anew.
  handled(1, {kA, {change(task() + "/status", 3, {}, "red")}});
  handled(1, {kB, {change(task() + "/status", 1, {}, "red", kB)}}, 70);
  handled(3, {kA, {change(task() + "/status", 4, {{kA, 3}}, "red")}});
  put(kB, 1, task() + "/status", "red");
  put(kA, 4, task() + "/status", "red");
  store_.documents.begin()->second.leaves.at(task() + "/status").back().stamp.request = request(3);
  shown_[{SlackWorkspace::document_key("C1"), task() + "/status"}] = {kB, 1};
  EXPECT_EQ(property(), "");
}

TEST_F(OracleTest, SeesAPeerThatShowsFewerTasksThanBefore) {
  acknowledge(1, "*3 tasks* of 12");
  promises_[1] = oracle_.sent(1, 0, 0, kFirstSecond);
  acknowledge(1, "*3 tasks* of 11");
  EXPECT_EQ(property(), "a peer shows again what it has shown");
}

TEST_F(OracleTest, ExpectsNothingOfAPeerWhoseStoreWasLost) {
  acknowledge(1, "*3 tasks* of 12");
  promises_[1] = oracle_.sent(1, 0, 1, kFirstSecond);
  oracle_.answered(1s, 1, 0, 1, promises_[1], "*0 tasks* of 0", kept_);
  EXPECT_EQ(property(), "");
}

}  // namespace

#include "node/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/node/disk_store.h"
#include "tests/support/process.h"

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using tests::DiskStore;

void ignore(const node::CopyProgress&) {}

std::string without_sum(const std::string& line) {
  return line.substr(0, line.find(",\"sum\":")) + '}';
}

struct ExportTest : testing::Test {
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder.path() / name).string();
  }
  void export_to(const std::string& dir, const std::string& file) {
    const auto made = node::write_export(path(dir), path(file), ignore);
    ASSERT_TRUE(made) << made.error().message;
  }
  node::ImportReport import_from(const std::string& file, const std::string& dir) {
    const auto sound = node::check_export(path(file), "test");
    EXPECT_TRUE(sound) << sound.error().message;
    const auto done = node::import_into_store(path(file), {path(dir), "a", "test"}, ignore);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : node::ImportReport{};
  }
  [[nodiscard]] std::vector<std::string> lines(const std::string& file) const {
    std::ifstream in(path(file));
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  void write_lines(const std::string& file, const std::vector<std::string>& all) {
    std::ofstream out(path(file));
    for (const std::string& line : all) out << line << "\n";
  }
  std::string refusal(const std::string& file) {
    const auto judged = node::check_export(path(file), "test");
    return judged ? "" : judged.error().message;
  }

  tests::TemporaryFolder folder;
};

TEST_F(ExportTest, ReadsAsLinesOfJsonWithTheValuesInThem) {
  {
    DiskStore store(path("a"));
    store.write("channel/T/C", "t/1/text", "disk full");
    store.write("channel/T/C", "t/1/raw", "\xff\x01");
  }
  export_to("a", "x");
  const auto all = lines("x");
  ASSERT_EQ(all.size(), 5U);
  EXPECT_THAT(all[0], StartsWith(R"({"muster_export":2,"cluster":"test","node":"a","made_at":"2)"));
  EXPECT_THAT(all[0], testing::ContainsRegex(R"re(,"sum":"[0-9a-f]{16}"\})re"));
  EXPECT_THAT(all[1], AllOf(HasSubstr(R"("document":"channel/T/C")"),
                            HasSubstr(R"("context":{"0000000000000007":2})"),
                            HasSubstr(R"("value":"disk full")"),
                            HasSubstr(R"("value":{"base64":"/wE="})")));
  EXPECT_THAT(all[4], StartsWith(R"({"end":true,"documents":1,"records":2,"sum":")"));
}

TEST_F(ExportTest, AnEmptyStoreBecomesEqualAndAgainChangesNothing) {
  crdt::StoreDigest digest;
  {
    DiskStore store(path("a"));
    store.begin();
    for (int i = 0; i < 300; ++i) {
      store.add("k" + std::to_string(i % 9), "t/" + std::to_string(i % 4) + "/p",
                std::to_string(i));
    }
    store.commit();
    digest = store.repository().digest();
  }
  { DiskStore empty(path("b"), 8); }
  export_to("a", "x");
  EXPECT_EQ(import_from("x", "b").changed, 309U);
  {
    DiskStore filled(path("b"), 9);
    EXPECT_EQ(filled.repository().digest(), digest);
  }
  EXPECT_EQ(import_from("x", "b").changed, 0U);
  EXPECT_EQ(import_from("x", "a").changed, 0U);
  export_to("b", "y");
  auto first = lines("x");
  auto second = lines("y");
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 1; i < first.size(); ++i) {
    EXPECT_EQ(without_sum(first[i]), without_sum(second[i]));
  }
}

TEST_F(ExportTest, AnOldExportUndoesNothingThatIsNewer) {
  {
    DiskStore store(path("a"));
    store.write("k", "kept", "old");
    store.write("k", "changed", "old");
  }
  export_to("a", "x");
  crdt::StoreDigest digest;
  {
    DiskStore store(path("a"), 8);
    store.write("k", "changed", "new");
    store.write("k", "added", "new");
    digest = store.repository().digest();
  }
  EXPECT_EQ(import_from("x", "a").changed, 0U);
  DiskStore store(path("a"), 9);
  EXPECT_EQ(store.repository().digest(), digest);
  EXPECT_EQ(store.read("k", "changed"), "new");
  EXPECT_EQ(store.read("k", "kept"), "old");
}

TEST_F(ExportTest, BadLinesAreNamedByNumberAndNothingIsImported) {
  {
    DiskStore store(path("a"));
    store.write("k", "p", "v");
    store.write("l", "p", "v");
  }
  export_to("a", "x");
  const auto sound = lines("x");
  ASSERT_EQ(sound.size(), 6U);
  auto bad = sound;
  bad[1] = "{";
  bad[2].replace(bad[2].find("[\""), 4, "[\"zz");
  write_lines("y", bad);
  EXPECT_THAT(refusal("y"), AllOf(HasSubstr("nothing of"), HasSubstr("line 2: it is not JSON"),
                                  HasSubstr("line 3: an id in \"dot\" is not 16 hexadecimal")));
  bad = sound;
  bad.pop_back();
  write_lines("y", bad);
  EXPECT_THAT(refusal("y"), HasSubstr("it was cut short behind line 5"));
  bad.back().resize(20);
  write_lines("y", bad);
  EXPECT_THAT(refusal("y"), AllOf(HasSubstr("line 5: it is not JSON"), HasSubstr("was cut short")));
  bad = sound;
  bad.push_back(bad[3]);
  write_lines("y", bad);
  EXPECT_THAT(refusal("y"), HasSubstr("line 7: something follows the end"));
  bad = sound;
  bad.erase(bad.begin());
  write_lines("y", bad);
  EXPECT_THAT(refusal("y"), HasSubstr("line 1: the file does not begin as muster export"));
  EXPECT_THAT(node::check_export(path("x"), "other").error().message,
              HasSubstr("it is of the cluster test, this peer is of other"));
}

TEST_F(ExportTest, AnAlteredMissingOrMovedLineIsNamedAndNothingIsImported) {
  {
    DiskStore store(path("a"));
    store.write("k", "p", "before");
    store.write("l", "p", "v");
  }
  export_to("a", "x");
  const auto sound = lines("x");
  ASSERT_EQ(sound.size(), 6U);
  EXPECT_EQ(refusal("x"), "");
  const auto refusal_of = [&](const std::vector<std::string>& all) {
    write_lines("y", all);
    return refusal("y");
  };
  auto altered = sound;
  altered[1].replace(altered[1].find("before"), 6, "behind");
  EXPECT_THAT(refusal_of(altered), AllOf(HasSubstr("nothing of"), HasSubstr("line 2: its sum"),
                                         HasSubstr("--hand-edited")));
  auto missing = sound;
  missing.erase(missing.begin() + 2);
  EXPECT_THAT(refusal_of(missing), HasSubstr("line 3: its sum"));
  auto moved = sound;
  std::swap(moved[3], moved[4]);
  EXPECT_THAT(refusal_of(moved), HasSubstr("line 4: its sum"));
  auto counted = sound;
  counted[5].replace(counted[5].find("\"documents\":2"), 13, "\"documents\":3");
  EXPECT_THAT(refusal_of(counted), HasSubstr("line 6: its sum"));
  auto unsealed = sound;
  for (std::string& line : unsealed) line = without_sum(line);
  EXPECT_THAT(refusal_of(unsealed), HasSubstr("line 1: its sum"));
}

TEST_F(ExportTest, WhoeverSaysThatAFileWasEditedGetsItAsItIs) {
  {
    DiskStore store(path("a"));
    store.write("k", "p", "before");
    store.write("l", "p", "v");
  }
  export_to("a", "x");
  auto edited = lines("x");
  edited[1] = without_sum(edited[1]);
  edited[1].replace(edited[1].find("before"), 6, "behind");
  edited.erase(edited.begin() + 2);
  write_lines("y", edited);
  EXPECT_NE(refusal("y"), "");
  EXPECT_TRUE(node::check_export(path("y"), "test", node::Edited::kTake));
  const auto done = node::import_into_store(path("y"), {path("b"), "a", "test"}, ignore);
  ASSERT_TRUE(done) << done.error().message;
  DiskStore store(path("b"), 9);
  EXPECT_EQ(store.read("k", "p"), "behind");
  // Still not what no peer could have sent, and not without an end.
  edited.back() = "{}";
  write_lines("y", edited);
  EXPECT_FALSE(node::check_export(path("y"), "test", node::Edited::kTake));
  edited.pop_back();
  write_lines("y", edited);
  EXPECT_FALSE(node::check_export(path("y"), "test", node::Edited::kTake));
}

TEST_F(ExportTest, APeerThatNeverRanGetsAStoreWhereTheConfigurationSaysWhose) {
  crdt::StoreDigest digest;
  {
    DiskStore store(path("a"));
    store.write("k", "p", "v");
    digest = store.repository().digest();
  }
  export_to("a", "x");
  const auto nobody = node::import_into_store(path("x"), {path("b"), "", ""}, ignore);
  EXPECT_THAT(nobody.error().message, HasSubstr("name its configuration with --config"));
  EXPECT_FALSE(fs::exists(path("b")));
  EXPECT_EQ(import_from("x", "b").changed, 2U);
  DiskStore store(path("b"), 9);
  EXPECT_EQ(store.repository().digest(), digest);
}

TEST_F(ExportTest, NeitherReplacesAFileNorFollowsALink) {
  { DiskStore store(path("a")); }
  const auto refusal_to = [&](const std::string& file) {
    const auto made = node::write_export(path("a"), path(file), ignore);
    return made ? "" : made.error().message;
  };
  write_lines("there", {"kept"});
  fs::create_symlink(path("there"), path("link"));
  fs::create_symlink(path("nowhere"), path("dangling"));
  for (const std::string file : {"there", "link", "dangling"}) {
    EXPECT_THAT(refusal_to(file), HasSubstr("is there already")) << file;
  }
  // Where an attempt is written until it is whole, a link is no way to another file either.
  fs::create_symlink(path("there"), path("x.unfinished"));
  EXPECT_EQ(refusal_to("x"), "");
  EXPECT_EQ(lines("there"), std::vector<std::string>{"kept"});
  EXPECT_FALSE(fs::exists(path("nowhere")));
  EXPECT_FALSE(fs::is_symlink(path("x")));
  EXPECT_EQ(fs::status(path("x")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ExportTest, LinesThatNoPeerCouldHaveSentAreRefused) {
  const auto fault = [](const std::string& line) {
    const auto parsed = node::parse_export(std::string_view(line));
    return parsed ? std::string() : parsed.error().message;
  };
  const std::string leaf = R"({"path":"p","dot":["0000000000000007",2],"rank":1,"request":")" +
                           std::string(32, '0') + R"(","author":"U","value":"v"})";
  const auto document = [&](const std::string& context, const std::string& leaves) {
    return R"({"document":"k","context":)" + context + R"(,"leaves":[)" + leaves + "]}";
  };
  EXPECT_EQ(fault(document(R"({"0000000000000007":2})", leaf)), "");
  EXPECT_THAT(fault(document(R"({"0000000000000007":1})", leaf)), HasSubstr("beyond"));
  EXPECT_THAT(fault(document(R"({"0000000000000000":1})", "")), HasSubstr("nobody"));
  EXPECT_THAT(fault(document(R"({"000000000000000a":1,"000000000000000A":2})", "")),
              HasSubstr("names a replica twice"));
  EXPECT_THAT(fault(document(R"({"0000000000000007":281474976710656})", "")),
              HasSubstr("out of range"));
  EXPECT_NE(fault(document(R"({"0000000000000007":2})", leaf + "," + leaf)), "");
  EXPECT_THAT(fault(R"({"record":"","value":"v"})"), HasSubstr("no key"));
  EXPECT_THAT(fault(R"({"record":{"base64":"?"},"value":"v"})"), HasSubstr("no base64"));
  EXPECT_THAT(fault(R"({"note":"hello"})"), HasSubstr("neither a document nor a record"));
  EXPECT_THAT(fault("[1]"), HasSubstr("no object"));
  EXPECT_THAT(fault(std::string(100'000, '[')), HasSubstr("not JSON"));
}

RC_GTEST_PROP(ExportLine, AnyTextIsALineOrASentence, (const std::string& text)) {
  const auto parsed = node::parse_export(std::string_view(text));
  RC_ASSERT(parsed.has_value() || !parsed.error().message.empty());
}

}  // namespace

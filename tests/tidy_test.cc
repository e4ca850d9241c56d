// Tidy: the house style as tests. Suite Tidy holds the tree against each rule; suite TidyRule
// plants a violation of each and expects it to be found, so that no rule can rot into one that
// never fires.
//
// Shape    a rule is a function from one file to its findings, "path:line: what is wrong. What to
//          do". The text is scanned, not parsed: comments and literals are blanked first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/source_text.h"

namespace {

namespace fs = std::filesystem;
using Findings = std::vector<std::string>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::code_of;
using tests::Function;
using tests::functions_of;
using tests::included_by;
using tests::lines_of;
using tests::mentions;
using tests::SourceFile;

constexpr std::size_t kColumnsMax = 100;       // Two files side by side on one screen.
constexpr std::size_t kFileLinesMax = 500;     // What one can hold; about 120 is the aim.
constexpr std::size_t kFunctionLinesMax = 70;  // One screen; about 35 is the aim.
constexpr std::size_t kBeastFilesMax = 4;      // Each costs seconds to compile.

const std::vector<std::string> kFolders = {"crdt", "gossip",     "slack",
                                           "node", "simulation", "tests"};

// The composition inside node that is as pure as the folders below it.
const std::vector<std::string> kReplica = {"node/replica", "node/admin_", "node/event.",
                                           "node/effects."};

struct Direction {
  std::vector<std::string> from;  // Path prefixes; the first Direction that fits a file holds.
  std::vector<std::string> to;    // Path prefixes it may include.
};

const std::vector<Direction> kDirections = {
    {{"crdt/"}, {"crdt/"}},
    {{"gossip/"}, {"crdt/", "gossip/"}},
    {{"slack/"}, {"crdt/", "slack/"}},
    {kReplica,
     {"crdt/", "gossip/", "slack/", "node/replica", "node/admin_", "node/event.", "node/effects.",
      "node/store.h"}},
    {{"node/cli/demo"}, {"crdt/", "gossip/", "slack/", "node/", "simulation/slack_workspace.h"}},
    {{"node/"}, {"crdt/", "gossip/", "slack/", "node/"}},
    {{"simulation/lmdb_disk."},
     {"crdt/", "simulation/", "node/lmdb_store.h", "node/journal_file.h", "node/write_behind.h"}},
    {{"simulation/"},
     {"crdt/", "gossip/", "slack/", "simulation/", "node/replica", "node/admin_", "node/event.",
      "node/effects.", "node/write_behind.", "node/journal_rows.", "node/store.h",
      "node/driver.h"}},
    {{"tests/"}, {"crdt/", "gossip/", "slack/", "node/", "simulation/", "tests/"}},
};

struct Ban {
  std::string name;
  std::string instead;
  std::string except = "";  // The one file that may.
};

const std::string kEffects = "return it in an effect and let the driver do it";
const std::vector<Ban> kPureBans = {
    {"boost/asio", kEffects},
    {"boost/beast", kEffects},
    {"lmdb.h", "read and write through crdt::Transaction"},
    {"spdlog", "return a notice; the driver logs it"},
    {"::now(", "take the time as an argument (crdt/instant.h)"},
    {"time(nullptr)", "take the time as an argument (crdt/instant.h)"},
    {"random_device", "draw from the crdt::Rng that was handed in"},
    {"mt19937", "draw from the crdt::Rng that was handed in"},
    {"std::uniform_", "use crdt::Rng::below, which is the same on every library"},
    {"rand(", "draw from the crdt::Rng that was handed in"},
    {"randombytes", "draw from the crdt::Rng that was handed in"},
    {"randombytes_buf", "draw from the crdt::Rng that was handed in"},
    {"crypto_box_keypair", "make the secret with crdt::Rng and derive the public key"},
    {"crypto_kx_keypair", "make the secret with crdt::Rng and derive the public key"},
    {"crypto_sign_keypair", "make the seed with crdt::Rng: crypto_sign_seed_keypair"},
    {"unordered_", "use std::map or std::set: iteration order is part of determinism"},
    {"std::thread", kEffects},
    {"std::jthread", kEffects},
    {"std::async", kEffects},
    {"std::mutex", "nothing: a pure step runs on one thread"},
    {"sleep_for", "ask for a wake-up (Effects::wake_at)"},
    {"sleep_until", "ask for a wake-up (Effects::wake_at)"},
    {"usleep", "ask for a wake-up (Effects::wake_at)"},
    {"getenv", "take the setting as an argument"},
    {"throw", "return crdt::Error in a crdt::Result, or CHECK", "crdt/result.h"},
    {"ifstream", kEffects},
    {"ofstream", kEffects},
    {"fstream", kEffects},
    {"fopen", kEffects},
    {"std::filesystem", kEffects},
    {"iostream", "return a notice; the driver logs it"},
    {"printf", "return a notice; the driver logs it"},
    {"fprintf", "return a notice; the driver logs it", "crdt/check.cc"},
};

bool starts_with_any(std::string_view path, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

bool is_pure(std::string_view path) {
  return starts_with_any(path, {"crdt/", "gossip/", "slack/"}) || starts_with_any(path, kReplica);
}

std::string finding(const SourceFile& file, std::size_t line, const std::string& what) {
  return file.path + ":" + std::to_string(line) + ": " + what;
}

// --- The rules ---------------------------------------------------------------------------------

Findings wrong_directions(const SourceFile& file) {
  Findings found;
  const auto direction =
      std::find_if(kDirections.begin(), kDirections.end(),
                   [&](const Direction& d) { return starts_with_any(file.path, d.from); });
  std::size_t number = 0;
  for (const std::string& line : lines_of(file.text)) {
    ++number;
    const std::string target = included_by(line);
    const bool ours = std::any_of(kFolders.begin(), kFolders.end(), [&](const std::string& folder) {
      return target.starts_with(folder + "/");
    });
    if (!ours && line.starts_with("#include \"")) {
      found.push_back(finding(file, number, "\"" + target + "\" is not a path from the root"));
    } else if (ours && !starts_with_any(target, direction->to)) {
      found.push_back(
          finding(file, number,
                  "must not include " + target + "; ARCHITECTURE.md says who may include whom"));
    }
  }
  return found;
}

Findings banned_names(const SourceFile& file) {
  Findings found;
  if (!is_pure(file.path)) return found;
  std::size_t number = 0;
  for (const std::string& line : lines_of(code_of(file.text))) {
    ++number;
    for (const Ban& ban : kPureBans) {
      if (file.path != ban.except && mentions(line, ban.name)) {
        found.push_back(finding(file, number, "'" + ban.name + "' in pure code; " + ban.instead));
      }
    }
  }
  return found;
}

Findings missing_head(const SourceFile& file) {
  Findings found;
  if (!file.path.ends_with(".h")) return found;
  if (!file.text.starts_with("// ")) {
    found.push_back(finding(file, 1, "a header starts with a comment that says what it is"));
  }
  if (code_of(file.text).find("#pragma once") == std::string::npos) {
    found.push_back(finding(file, 1, "no #pragma once"));
  }
  return found;
}

Findings wrong_lines(const SourceFile& file) {
  Findings found;
  std::size_t number = 0;
  for (const std::string& line : lines_of(file.text)) {
    ++number;
    const auto columns = static_cast<std::size_t>(
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    if (columns > kColumnsMax) found.push_back(finding(file, number, "more than 100 columns"));
    if (line.find('\t') != std::string::npos) {
      found.push_back(finding(file, number, "a tab; indent with two spaces"));
    }
    for (const std::string word : {"TO"
                                   "DO",
                                   "FIX"
                                   "ME",
                                   "XX"
                                   "X"}) {
      if (mentions(line, word)) {
        found.push_back(finding(file, number, word + "; do it now or write an issue"));
      }
    }
  }
  return found;
}

Findings too_long(const SourceFile& file) {
  Findings found;
  if (lines_of(file.text).size() > kFileLinesMax) {
    found.push_back(finding(file, kFileLinesMax + 1, "more than 500 lines; make it two nouns"));
  }
  for (const Function& function : functions_of(file.text)) {
    if (function.length > kFunctionLinesMax) {
      found.push_back(
          finding(file, function.line,
                  std::to_string(function.length) + " lines in one function; at most 70"));
    }
  }
  return found;
}

// Files that include Beast: more than four .cc, or any header.
Findings beast_users(const std::vector<SourceFile>& files) {
  Findings sources, found;
  for (const SourceFile& file : files) {
    const std::vector<std::string> lines = lines_of(file.text);
    if (std::none_of(lines.begin(), lines.end(), [](const std::string& line) {
          return included_by(line).starts_with("boost/beast");
        })) {
      continue;
    }
    if (file.path.ends_with(".cc")) {
      sources.push_back(file.path);
    } else {
      found.push_back(finding(file, 1, "Beast in a header; hide it behind a plain interface"));
    }
  }
  if (sources.size() > kBeastFilesMax) {
    for (const std::string& path : sources)
      found.push_back(path + ":1: one of too many with Beast");
  }
  return found;
}

Findings misplaced(const std::string& path) {
  static const std::set<std::string> kCode = {".h",   ".hh",  ".hpp", ".c",  ".cc",
                                              ".cpp", ".cxx", ".py",  ".js", ".capnp"};
  if (!kCode.contains(fs::path(path).extension().string())) return {};
  const bool inside = std::any_of(kFolders.begin(), kFolders.end(), [&](const std::string& folder) {
    return path.starts_with(folder + "/");
  });
  if (inside) return {};
  return {path + ":1: code lies in crdt, gossip, slack, node, simulation or tests"};
}

// --- The tree ----------------------------------------------------------------------------------

// Paths of all files but hidden ones and builds.
std::vector<std::string> all_paths() {
  std::vector<std::string> paths;
  const fs::path root = MUSTER_SOURCE_DIR;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator();
       ++at) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() && (name.starts_with(".") || (at.depth() == 0 && name == "build"))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      paths.push_back(fs::relative(at->path(), root).generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> kTree = [] {
    std::vector<SourceFile> files;
    for (const std::string& path : all_paths()) {
      if (!path.ends_with(".h") && !path.ends_with(".cc")) continue;
      std::ifstream stream(fs::path(MUSTER_SOURCE_DIR) / path, std::ios::binary);
      files.push_back({path, {std::istreambuf_iterator<char>(stream), {}}});
    }
    return files;
  }();
  return kTree;
}

Findings over_tree(const std::function<Findings(const SourceFile&)>& rule) {
  Findings all;
  for (const SourceFile& file : tree()) {
    for (const std::string& found : rule(file)) all.push_back(found);
  }
  return all;
}

std::size_t percentile(std::vector<std::size_t> sizes, std::size_t percent) {
  if (sizes.empty()) return 0;
  std::sort(sizes.begin(), sizes.end());
  return sizes[(sizes.size() - 1) * percent / 100];
}

void print(const Findings& findings) {
  for (const std::string& found : findings) ADD_FAILURE() << found;
}

// --- The tree keeps the rules ------------------------------------------------------------------

TEST(Tidy, IncludesPointOnlyTheWayTheArchitectureSays) { print(over_tree(wrong_directions)); }
TEST(Tidy, PureFilesMentionNoBannedName) { print(over_tree(banned_names)); }
TEST(Tidy, EveryHeaderSaysWhatItIsAndIsReadOnce) { print(over_tree(missing_head)); }
TEST(Tidy, LinesAreShortWithoutTabsAndWithoutPromises) { print(over_tree(wrong_lines)); }
TEST(Tidy, FilesAndFunctionsCanBeHeldWhole) { print(over_tree(too_long)); }
TEST(Tidy, BeastStaysInAFewFiles) { print(beast_users(tree())); }

TEST(Tidy, CodeLiesInTheSixFolders) {
  for (const std::string& path : all_paths()) print(misplaced(path));
}

TEST(Tidy, SizesArePrinted) {
  std::vector<std::size_t> files, functions;
  std::size_t code_lines = 0, test_lines = 0;
  for (const SourceFile& file : tree()) {
    files.push_back(lines_of(file.text).size());
    (file.path.starts_with("tests/") ? test_lines : code_lines) += files.back();
    for (const Function& function : functions_of(file.text)) functions.push_back(function.length);
  }
  ASSERT_FALSE(files.empty());
  ASSERT_FALSE(functions.empty());
  std::cout << "files " << files.size() << ", median " << percentile(files, 50) << ", p95 "
            << percentile(files, 95) << " lines; functions " << functions.size() << ", median "
            << percentile(functions, 50) << ", p95 " << percentile(functions, 95) << " lines; code "
            << code_lines << ", tests " << test_lines << " lines\n";
}

// --- Each rule catches what it is for ------------------------------------------------------------

TEST(TidyRule, CatchesAnIncludeAgainstTheDirection) {
  const std::string gossip = "#include \"gossip/peer.h\"\n";
  EXPECT_THAT(wrong_directions({"crdt/dot.h", gossip}), ElementsAre(HasSubstr("crdt/dot.h:1:")));
  EXPECT_THAT(wrong_directions({"slack/request.cc", gossip}), testing::SizeIs(1));
  EXPECT_THAT(wrong_directions({"gossip/peer.cc", "#include <slack/request.h>\n"}),
              testing::SizeIs(1));
  EXPECT_THAT(wrong_directions({"node/replica.h", gossip}), IsEmpty());
  EXPECT_THAT(wrong_directions({"node/replica.h", "\n#include \"node/driver.h\"\n"}),
              ElementsAre(HasSubstr("node/replica.h:2:")));
  EXPECT_THAT(wrong_directions({"node/main.cc", "#include \"simulation/cluster.h\"\n"}),
              testing::SizeIs(1));
  EXPECT_THAT(wrong_directions({"simulation/cluster.h", "#include \"node/lmdb_store.h\"\n"}),
              testing::SizeIs(1));
  EXPECT_THAT(wrong_directions({"tests/node/x_test.cc", "#include \"node/lmdb_store.h\"\n"}),
              IsEmpty());
  EXPECT_THAT(wrong_directions({"crdt/dot.cc", "#include \"dot.h\"\n"}),
              ElementsAre(HasSubstr("not a path from the root")));
}

TEST(TidyRule, CatchesEveryBannedNameAndSaysWhatToUseInstead) {
  for (const Ban& ban : kPureBans) {
    EXPECT_THAT(banned_names({"gossip/peer.cc", "auto x = " + ban.name + ";\n"}),
                Contains(AllOf(HasSubstr(ban.name), HasSubstr(ban.instead))));
    EXPECT_THAT(banned_names({"node/main.cc", ban.name + ";\n"}), IsEmpty());
    EXPECT_THAT(banned_names({ban.except, ban.name + ";\n"}), IsEmpty());
  }
  EXPECT_THAT(banned_names({"crdt/dot.cc", "#include \"lmdb.h\"\n"}), testing::SizeIs(1));
  EXPECT_THAT(banned_names({"node/replica_links.cc", "std::thread t;"}), testing::SizeIs(1));
}

TEST(TidyRule, ReadsNeitherCommentsNorLiteralsNorPartsOfWords) {
  const std::string text =
      "// throw it\n/* getenv\n */ f(\"throw \\\" getenv\", R\"(\" throw)\", 'r'); int n = "
      "16'384;\n"
      "operand(1); std::snprintf(b); throw_error();\n";
  EXPECT_THAT(banned_names({"crdt/dot.cc", text}), IsEmpty());
  EXPECT_THAT(banned_names({"crdt/dot.cc", text + "throw 1;\n"}), ElementsAre(HasSubstr(":5:")));
}

TEST(TidyRule, CatchesAHeaderWithoutHeadOrPragma) {
  EXPECT_THAT(missing_head({"crdt/dot.h", "#pragma once\n"}), testing::SizeIs(1));
  EXPECT_THAT(missing_head({"crdt/dot.h", "// Dot: #pragma once\n"}), testing::SizeIs(1));
  EXPECT_THAT(missing_head({"crdt/dot.h", "// Dot: a name.\n#pragma once\n"}), IsEmpty());
}

TEST(TidyRule, CatchesLongLinesTabsAndPromises) {
  const std::string accents = "//" + [] {
    std::string text;
    for (int i = 0; i < 98; ++i) text += "\xC3\xA9";
    return text;
  }();
  EXPECT_THAT(wrong_lines({"a.cc", accents + "\n"}), IsEmpty());
  EXPECT_THAT(wrong_lines({"a.cc", accents + "x\n"}), ElementsAre(HasSubstr("100 columns")));
  EXPECT_THAT(wrong_lines({"a.cc", "\n\tint x;\n"}), ElementsAre(HasSubstr("a.cc:2: a tab")));
  EXPECT_THAT(wrong_lines({"a.cc",
                           "// TO"
                           "DO: later\n"}),
              testing::SizeIs(1));
  EXPECT_THAT(wrong_lines({"a.cc",
                           "mkdtemp(\"/tmp/XX"
                           "XXXX\")\n"}),
              IsEmpty());
}

TEST(TidyRule, CatchesAFileOfMoreThanFiveHundredLines) {
  EXPECT_THAT(too_long({"a.cc", std::string(500, '\n')}), IsEmpty());
  EXPECT_THAT(too_long({"a.cc", std::string(501, '\n')}), testing::SizeIs(1));
}

TEST(TidyRule, CatchesAFunctionOfMoreThanSeventyLinesWhereverItLies) {
  const std::string body = "{\n" + std::string(69, '\n');
  for (const std::string head :
       {"void f() ", "auto f() -> std::vector<int> ", "A::A() : a_{1}, b_(2) ", "A::A() : a_{1} ",
        "int g() const noexcept ", "template <class T>\nvoid f(T t) ", "TEST(A, B) "}) {
    for (const std::string scope : {"", "namespace a::b {\n", "class A : public B {\n public:\n"}) {
      const std::string start = "#define X(a) { \\\n  {\n" + scope + head + body;
      EXPECT_THAT(too_long({"a.cc", start + "}"}), ElementsAre(HasSubstr("lines in one"))) << start;
    }
    EXPECT_THAT(too_long({"a.cc", head + "{\n" + std::string(60, '\n') + "}\n" + head + body}),
                IsEmpty())
        << "two short ones: " << head;
  }
  EXPECT_THAT(too_long({"a.cc", "const int kTable[] = " + body + "\n};\n"}), IsEmpty());
}

TEST(TidyRule, CatchesBeastInAHeaderAndInAFifthFile) {
  const std::string beast = "#include <boost/beast/http.hpp>\n";
  std::vector<SourceFile> files;
  for (const std::string name : {"a", "b", "c", "d"}) files.push_back({name + ".cc", beast});
  EXPECT_THAT(beast_users(files), IsEmpty());
  files.push_back({"e.cc", beast});
  EXPECT_THAT(beast_users(files), testing::SizeIs(5));
  EXPECT_THAT(beast_users({{"a.h", beast}}), testing::SizeIs(1));
}

TEST(TidyRule, CatchesCodeOutsideTheSixFolders) {
  EXPECT_THAT(misplaced("tools/gen.py"), testing::SizeIs(1));
  EXPECT_THAT(misplaced("main.cc"), testing::SizeIs(1));
  EXPECT_THAT(misplaced("crdt/dot.h"), IsEmpty());
  EXPECT_THAT(misplaced("README.md"), IsEmpty());
}

}  // namespace

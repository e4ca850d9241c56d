// The page of a failing run in a real browser, as a person uses it: open, click, read.
//
// Shape    Chromium without a window prints the page as its script has made it. One line is added
//          to the page: it clicks what a person would click.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "simulation/diagram_page.h"
#include "simulation/divergence.h"
#include "tests/simulation/forgetful_store.h"
#include "tests/support/process.h"

namespace {

using namespace simulation;
using testing::HasSubstr;
using testing::Not;

// The first of these that is here; empty where none is.
std::string browser() {
  for (const std::string path : {"/usr/bin/chromium", "/usr/bin/google-chrome"}) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

// What the browser makes of `page` after a click at the first element that `selector` selects.
std::string opened(const std::string& page, const std::string& selector) {
  const tests::TemporaryFolder folder;
  const std::string file = folder.path() / "run.html";
  std::ofstream(file) << page << "<script>document.querySelector('" << selector
                      << "').dispatchEvent(new MouseEvent('click'))</script>\n";
  tests::Process chromium({browser(), "--headless", "--no-sandbox", "--disable-gpu",
                           "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
                           "--disable-background-networking", "--disable-component-update",
                           "--user-data-dir=" + (folder.path() / "profile").string(),
                           "--virtual-time-budget=5000", "--dump-dom", "file://" + file});
  EXPECT_EQ(chromium.finish(), 0) << chromium.output();
  return chromium.output();
}

// The text of the element called `id`.
std::string text_of(const std::string& dom, const std::string& id) {
  const std::size_t at = dom.find("id=\"" + id + "\"");
  const std::size_t begin = dom.find('>', at) + 1;
  if (at == std::string::npos || begin == 0) return "(no element " + id + ")";
  return dom.substr(begin, dom.find("</", begin) - begin);
}

class DiagramBrowser : public testing::Test {
 protected:
  void SetUp() override {
    if (browser().empty()) GTEST_SKIP() << "no browser here: apt-get install chromium";
    Options options;
    options.length = 1min;
    plan_ = draw_plan(draw_options(options, true));
    plan_.commands.front().text = "add <b>bold</b></script><script>document.title='owned'</script>";
    RunSettings settings;
    settings.diagram = &diagram_;
    settings.wrap = tests::ForgetfulStore::wrap();
    report_ = run(plan_, settings);
    ASSERT_TRUE(report_.failure);
    page_ = page_of(diagram_, plan_, report_);
  }

  Plan plan_;
  Diagram diagram_;
  Report report_;
  std::string page_;
};

TEST_F(DiagramBrowser, ShowsThePathAndBothValuesAtTheFirstDivergence) {
  const auto expected = first_divergence(diagram_);
  ASSERT_TRUE(expected);
  const auto shown = [](const std::string& value) { return value.empty() ? "(nothing)" : value; };
  const std::string dom = opened(page_, "#to-divergence");
  EXPECT_EQ(text_of(dom, "difference-path"), expected->field);
  EXPECT_EQ(text_of(dom, "difference-left"), shown(expected->left_value));
  EXPECT_EQ(text_of(dom, "difference-right"), shown(expected->right_value));
  EXPECT_EQ(text_of(dom, "difference-left-name"), expected->left);
  EXPECT_THAT(text_of(dom, "what"), HasSubstr(to_text(expected->at)));
  EXPECT_THAT(text_of(dom, "failure"), HasSubstr(report_.failure->property));
}

TEST_F(DiagramBrowser, DrawsLanesMessagesMarksAndStripsOfTheWindow) {
  const std::string dom = opened(page_, "#on");
  EXPECT_THAT(dom, HasSubstr("node e</text>"));
  EXPECT_THAT(dom, HasSubstr("class=\"message"));
  EXPECT_THAT(dom, HasSubstr("class=\"mark asked\""));
  EXPECT_THAT(dom, HasSubstr("class=\"mark stored\""));
  EXPECT_THAT(dom, HasSubstr("clock skew</text>"));
  EXPECT_THAT(dom, HasSubstr("digests</text>"));
}

TEST_F(DiagramBrowser, TellsOfTheMessageThatIsClickedWhatItBrought) {
  const std::string dom = opened(page_, ".message");
  EXPECT_THAT(text_of(dom, "what"), HasSubstr(" sends to "));
  EXPECT_THAT(text_of(dom, "detail"), HasSubstr(" octets, sealed on the link. Arrived 0:00."));
  EXPECT_THAT(text_of(dom, "detail"), HasSubstr("The receiver stored nothing"));
}

TEST_F(DiagramBrowser, TellsOfTheCommandThatIsClickedWhatWasTyped) {
  const std::string dom = opened(page_, ".asked");
  EXPECT_THAT(text_of(dom, "what"), HasSubstr(" is asked"));
  EXPECT_THAT(text_of(dom, "detail"), HasSubstr("/ir add &lt;b&gt;bold"));
}

TEST_F(DiagramBrowser, ShowsWhatPeopleTypedAsText) {
  const std::string dom = opened(page_, "#span");
  EXPECT_THAT(dom, HasSubstr("add &lt;b&gt;bold&lt;/b&gt;&lt;/script&gt;"));
  EXPECT_THAT(dom, Not(HasSubstr("<title>owned")));
}

}  // namespace

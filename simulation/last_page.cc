#include "simulation/last_page.h"

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "crdt/check.h"
#include "simulation/diagram_page.h"

namespace simulation {
namespace {

const LastPage* standing = nullptr;

// The newest thing that the run did.
Time end_of(const Diagram& diagram) {
  Time end{};
  if (!diagram.events().empty()) end = std::max(end, diagram.events().back().at);
  if (!diagram.messages().empty()) end = std::max(end, diagram.messages().back().sent);
  return end;
}

}  // namespace

LastPage::LastPage(const Diagram& diagram, const Plan& plan, std::string path)
    : diagram_(diagram), plan_(plan), path_(std::move(path)) {
  CHECK(standing == nullptr);
  standing = this;
  ::signal(SIGABRT, on_abort);
}

LastPage::~LastPage() {
  ::signal(SIGABRT, SIG_DFL);
  standing = nullptr;
}

bool LastPage::write(const std::string& path, const std::string& page) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << page << std::flush;
  return file.good();
}

// Another failure meanwhile ends the process at once; so does this one, when it returns.
void LastPage::on_abort(int) {
  ::signal(SIGABRT, SIG_DFL);
  standing->draw();
}

void LastPage::draw() const {
  Report report;
  report.seed = plan_.options.seed;
  report.nodes = plan_.options.nodes;
  report.length = end_of(diagram_);
  report.failure = Failure{"crash", "no check fails",
                           "what failed is on standard error; the last "
                           "steps before it are at the page's end",
                           report.length};
  static_cast<void>(write(path_, page_of(diagram_, plan_, report)));
}

}  // namespace simulation

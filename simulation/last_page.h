// LastPage: draws a run that ends in a failed CHECK, as the process dies of it.
//
// Shape    stands while the run goes on. A failed CHECK prints itself and aborts from within the
//          run, on its own thread: what a page needs is there, and whole but for the last step.
// Thread   one at a time, and only where nothing else handles SIGABRT.
#pragma once

#include <string>

#include "simulation/diagram.h"
#include "simulation/plan.h"

namespace simulation {

class LastPage {
 public:
  // Both outlive it.
  LastPage(const Diagram& diagram, const Plan& plan, std::string path);
  ~LastPage();
  LastPage(const LastPage&) = delete;
  LastPage& operator=(const LastPage&) = delete;

  // False where the file cannot be written.
  [[nodiscard]] static bool write(const std::string& path, const std::string& page);

 private:
  static void on_abort(int signal);
  void draw() const;

  const Diagram& diagram_;
  const Plan& plan_;
  std::string path_;
};

}  // namespace simulation

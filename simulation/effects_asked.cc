#include "simulation/effects_asked.h"

#include "simulation/slack_workspace.h"
#include "slack/incident/grammar.h"
#include "slack/incident/status_set.h"
#include "slack/incident/tasks.h"

namespace simulation {
namespace {

using namespace slack::incident;

class Asker {
 public:
  explicit Asker(const simulation::Command& command) : command_(command) {}

  std::vector<FieldAsked> run() {
    const auto parsed = slack::incident::parse(command_.text, StatusSet::standard());
    std::visit([&](const auto& form) { ask(form); }, parsed);
    return std::move(asked_);
  }

 private:
  template <class Silent>
  void ask(const Silent&) {}

  void ask(const Add& add) {
    const std::string id = task_id(SlackWorkspace::request_id(command_.trigger));
    asked_.push_back({core_path(id), ""});
    asked_.push_back({text_path(id), add.text});
    if (add.status) status(*add.status, status_path(id));
    for (const std::string& user : add.users) person(user, kAssigned);
  }

  void ask(const Update& update) {
    if (update.text) asked_.push_back({"/text", *update.text});
    if (update.status) status(*update.status);
    for (const std::string& user : update.assign) person(user, kAssigned);
    for (const std::string& user : update.unassign) person(user, kTakenOff);
  }

  void ask(const Finish& finish) {
    switch (finish.verb) {
      case FinishVerb::kDone:
        return status(std::string(kDone));
      case FinishVerb::kCancel:
        return status(std::string(kCanceled));
      case FinishVerb::kReopen:
        return status(StatusSet::standard().initial().name);
      case FinishVerb::kTake:
        return person(std::string(kMe), kAssigned);
      case FinishVerb::kDrop:
        return person(std::string(kMe), kTakenOff);
    }
  }

  void status(const std::string& value, const std::string& path_end = "/status") {
    asked_.push_back({path_end, value, value == StatusSet::standard().initial().name});
  }

  void person(const std::string& user, std::string_view value) {
    const std::string who = user == kMe ? command_.user : user;
    asked_.push_back({"/who/" + who, std::string(value), value == kTakenOff});
  }

  const simulation::Command& command_;
  std::vector<FieldAsked> asked_;
};

}  // namespace

std::vector<FieldAsked> effects_asked(const Command& command) { return Asker(command).run(); }

}  // namespace simulation

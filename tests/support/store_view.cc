#include "tests/support/store_view.h"

#include "crdt/check.h"
#include "crdt/repository.h"
#include "slack/incident/tasks.h"

namespace tests {
namespace {

std::string line_of(const slack::incident::Task& task) {
  std::string line = task.label() + ' ';
  line += task.status_name(slack::incident::StatusSet::standard());
  line.append(" ").append(task.text.value()).append(" [");
  std::string people;
  for (const slack::incident::Assignee& person : task.people) {
    if (person.assigned()) people.append(people.empty() ? "" : " ").append(person.user);
  }
  return line + people + (task.in_conflict() ? "] contested" : "]");
}

}  // namespace

StoreView view_of(node::MemoryStore& store) {
  StoreView view;
  crdt::Repository repository;
  repository.use(store.begin());
  CHECK(repository.open());
  view.digest = repository.digest();
  CHECK(repository.scan_documents([&](const std::string& key, const crdt::Document& document) {
    view.documents[key] = state_hash(document);
    const slack::incident::TaskList list = slack::incident::read_tasks(document);
    for (const slack::incident::Task& task : list.tasks) {
      view.board.push_back(line_of(task));
      ++view.texts[std::string(task.text.value())];
    }
  }));
  store.abort();
  return view;
}

}  // namespace tests

#include "simulation/diagram_watch.h"

#include <algorithm>
#include <string>

#include "crdt/bytes.h"
#include "crdt/repository.h"
#include "simulation/store_view.h"

namespace simulation {
namespace {

constexpr char kFieldSeparator = ' ';  // No document key holds one.

// Octets that are no text are shown as hex.
std::string words_of(const std::string& value) {
  if (value.empty()) return "(empty)";
  const bool text = std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t';
  });
  return text ? value : "0x" + crdt::to_hex(value);
}

void add_fields(const std::string& key, const crdt::Document& document, Diagram::Fields& to) {
  for (const crdt::Leaf& leaf : document.fragment({}).fresh) {
    std::string value = words_of(leaf.value);
    if (!leaf.stamp.author.empty()) value += " by " + leaf.stamp.author;
    std::string& field = to[key + kFieldSeparator + leaf.path];
    field += (field.empty() ? "" : " | ") + value;  // Siblings: a conflict.
  }
}

}  // namespace

DiagramWatch::DiagramWatch(Diagram& diagram, Cluster& cluster)
    : diagram_(diagram), cluster_(cluster), seen_(cluster.size()) {
  diagram_.stores.resize(cluster.size());
}

void DiagramWatch::look(Time now) {
  for (NodeIndex node = 0; node < cluster_.size(); ++node) {
    Seen& seen = seen_[node];
    const std::uint64_t writes = cluster_.disk(node).writes();
    const std::uint64_t incarnation = cluster_.incarnation(node);
    const bool running = cluster_.running(node);
    if (seen.writes == writes && seen.incarnation == incarnation && seen.running == running) {
      continue;
    }
    const bool all = seen.incarnation != incarnation || seen.running != running;
    seen = {writes, incarnation, running, seen.head};
    read(now, node, all);
  }
  for (; next_sample_ <= now; next_sample_ += kSampleEvery) sample(next_sample_);
}

void DiagramWatch::finish(Time now) {
  for (NodeIndex node = 0; node < cluster_.size(); ++node) read(now, node, true);
  sample(now);
}

void DiagramWatch::read(Time now, NodeIndex node, bool all) {
  Seen& seen = seen_[node];
  node::Store& store = cluster_.store(node);
  crdt::Repository repository;
  repository.use(store.begin());
  Diagram::Fields fields;
  std::set<std::string> documents;
  const auto add = [&](const std::string& key, const crdt::Document& document) {
    add_fields(key, document, fields);
  };
  bool sound = repository.open().has_value();
  if (sound && all) {
    sound = repository.scan_documents(add).has_value();
  } else if (sound) {
    const auto name = [&](std::uint64_t, const crdt::LogRow& row) {
      documents.insert(row.documents.begin(), row.documents.end());
      return true;
    };
    sound = repository.scan_log(seen.head, name).has_value();
    for (const std::string& key : documents) {
      const auto document = repository.document(key);
      if (document) add(key, **document);
    }
  }
  seen.head = repository.head();
  store.abort();
  if (sound) compare(now, node, fields, documents, all);  // What is damaged shows nothing.
}

// `documents` are those that were read; none: all of them.
void DiagramWatch::compare(Time now, NodeIndex node, const Diagram::Fields& fields,
                           const std::set<std::string>& documents, bool went_back) {
  Diagram::Fields& before = diagram_.stores[node];
  const auto was_read = [&](const std::string& field) {
    return went_back || documents.contains(field.substr(0, field.find(kFieldSeparator)));
  };
  for (auto at = before.begin(); at != before.end();) {
    const bool gone = was_read(at->first) && !fields.contains(at->first);
    if (gone) diagram_.add({now, node, at->first, at->second, "", went_back});
    at = gone ? before.erase(at) : std::next(at);
  }
  for (const auto& [field, value] : fields) {
    std::string& held = before[field];
    if (held == value) continue;
    diagram_.add({now, node, field, held, value, went_back});
    held = value;
  }
}

void DiagramWatch::sample(Time now) {
  DiagramSample sample{now, 0, {}};
  std::set<std::uint64_t> hashes;
  for (NodeIndex node = 0; node < cluster_.size(); ++node) {
    const auto digest = digest_of(cluster_.store(node));
    hashes.insert(digest ? digest->hash : 0);
    const crdt::WallTime wall = cluster_.clock(node).at(now).wall;
    sample.skew_us.push_back((wall - (kRunBegins + now)).count());
  }
  sample.digests = hashes.size();
  diagram_.add(std::move(sample));
}

}  // namespace simulation

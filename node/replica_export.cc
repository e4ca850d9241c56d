#include "node/replica_export.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "crdt/codec.h"
#include "crdt/keyspace.h"
#include "slack/json_reader.h"
#include "slack/utf8.h"

namespace node {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kFormat = 2;
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

ordered_json text_of(crdt::BytesView bytes) {
  if (slack::to_valid_utf8(bytes) == bytes) return std::string(bytes);
  std::string base64(sodium_base64_ENCODED_LEN(bytes.size(), kBase64), '\0');
  sodium_bin2base64(base64.data(), base64.size(),
                    reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), kBase64);
  base64.pop_back();  // The closing zero.
  return {{"base64", std::move(base64)}};
}

// Reads one line. The first thing that is wrong stays in fault(); what is read after it means
// nothing.
class LineReader {
 public:
  [[nodiscard]] const std::string& fault() const { return fault_; }

  ExportLine read(const json& line) {
    if (!line.is_object()) fail("it is no object");
    if (line.contains("document")) return document(line);
    if (line.contains("record")) return record(line);
    if (line.contains("muster_export")) return head(line);
    if (line.contains("end")) {
      return ExportEnd{number(field(line, "documents"), "documents"),
                       number(field(line, "records"), "records")};
    }
    fail("it is neither a document nor a record");
    return ExportEnd{};
  }

 private:
  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  const json& field(const json& object, const std::string& name) {
    static const json kNothing;
    const json* found = slack::member(object, name);
    if (found == nullptr) fail("it has no \"" + name + "\"");
    return found == nullptr ? kNothing : *found;
  }

  std::string text(const json& value, const std::string& name) {
    if (value.is_string()) return value.get<std::string>();
    fail("\"" + name + "\" is no text");
    return {};
  }

  crdt::Bytes bytes(const json& object, const std::string& name) {
    const json& value = field(object, name);
    if (!value.is_object()) return text(value, name);
    const std::string base64 = text(field(value, "base64"), name);
    crdt::Bytes out(base64.size(), '\0');
    std::size_t size = 0;
    const bool sound =
        sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), base64.data(),
                          base64.size(), nullptr, &size, nullptr, kBase64) == 0;
    if (!sound) fail("\"" + name + "\" is no base64");
    out.resize(size);
    return out;
  }

  std::uint64_t number(const json& value, const std::string& name) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    fail("\"" + name + "\" is no count");
    return 0;
  }

  std::uint64_t counter(const json& value, const std::string& name) {
    const std::uint64_t counter = number(value, name);
    if (counter == 0 || counter > crdt::kCounterMax) {
      fail("a counter in \"" + name + "\" is out of range");
    }
    return counter;
  }

  std::uint64_t hex(std::string_view digits, const std::string& name) {
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 16 || read.ec != std::errc() || read.ptr != end) {
      fail("an id in \"" + name + "\" is not 16 hexadecimal digits");
    }
    return value;
  }

  crdt::ReplicaId replica(std::string_view digits, const std::string& name) {
    const crdt::ReplicaId id{hex(digits, name)};
    if (id == crdt::ReplicaId{}) fail("an id in \"" + name + "\" is nobody's");
    return id;
  }

  crdt::Leaf leaf(const json& value) {
    crdt::Leaf leaf;
    leaf.path = bytes(value, "path");
    const json& dot = field(value, "dot");
    if (!dot.is_array() || dot.size() != 2) {
      fail("\"dot\" is not an id and a counter");
      return leaf;
    }
    leaf.dot = {replica(text(dot[0], "dot"), "dot"), counter(dot[1], "dot")};
    const json& rank = field(value, "rank");
    if (!rank.is_number_integer()) fail("\"rank\" is no number");
    leaf.rank.micros = rank.is_number_integer() ? rank.get<std::int64_t>() : 0;
    std::string request = text(field(value, "request"), "request");
    if (request.size() != 32) fail("\"request\" is not 32 hexadecimal digits");
    request.resize(32);
    leaf.stamp.request = {hex(std::string_view(request).substr(0, 16), "request"),
                          hex(std::string_view(request).substr(16), "request")};
    leaf.stamp.author = bytes(value, "author");
    leaf.value = bytes(value, "value");
    return leaf;
  }

  crdt::VersionVector context(const json& value) {
    crdt::VersionVector context;
    if (!value.is_object()) fail("\"context\" is no object");
    if (!value.is_object() || !fault_.empty()) return context;
    for (const auto& [name, count] : value.items()) {
      const crdt::ReplicaId id = replica(name, "context");
      const std::uint64_t covered = counter(count, "context");
      if (context.of(id) != 0) fail("\"context\" names a replica twice");
      if (!fault_.empty()) return context;
      context.advance(id, covered);
    }
    return context;
  }

  DocumentImport document(const json& line) {
    DocumentImport document;
    document.key = bytes(line, "document");
    if (!crdt::keyspace::valid_document_key(document.key)) fail("\"document\" is no key");
    crdt::Fragment whole;
    whole.context = context(field(line, "context"));
    const json& leaves = field(line, "leaves");
    if (!leaves.is_array() || leaves.size() > crdt::kLeavesMax) {
      fail("\"leaves\" is no list that a document can hold");
    }
    if (!fault_.empty()) return document;
    for (const json& value : leaves) {
      whole.fresh.push_back(leaf(value));
      if (!whole.context.covers(whole.fresh.back().dot)) fail("a dot is beyond \"context\"");
      if (!fault_.empty()) return document;
    }
    std::sort(whole.fresh.begin(), whole.fresh.end(),
              [](const crdt::Leaf& a, const crdt::Leaf& b) { return a.dot < b.dot; });
    // The judgement that a peer's words meet.
    auto judged = crdt::decode_fragment(crdt::encode(whole));
    if (judged) document.fragment = std::move(*judged);
    if (!judged) fail(judged.error().message);
    return document;
  }

  crdt::Record record(const json& line) {
    crdt::Record record{bytes(line, "record"), bytes(line, "value")};
    const std::size_t size = record.key.size();
    if (size == 0 || size > crdt::kRecordKeyBytesMax) fail("\"record\" is no key");
    if (record.value.size() > crdt::kRecordValueBytesMax) fail("\"value\" is too long");
    return record;
  }

  ExportHead head(const json& line) {
    if (field(line, "muster_export") != kFormat) fail("it is of another version of Muster");
    return {text(field(line, "cluster"), "cluster"), text(field(line, "node"), "node"),
            text(field(line, "made_at"), "made_at")};
  }

  std::string fault_;
};

}  // namespace

std::string to_line(const ExportHead& head) {
  return ordered_json{{"muster_export", kFormat},
                      {"cluster", head.cluster},
                      {"node", head.node},
                      {"made_at", head.made_at}}
      .dump();
}

std::string to_line(const std::string& key, const crdt::Document& document) {
  ordered_json context = ordered_json::object();
  for (const auto& [replica, counter] : document.context().entries()) {
    context[crdt::to_hex(crdt::big_endian(replica.value))] = counter;
  }
  ordered_json leaves = ordered_json::array();
  for (const crdt::Leaf& leaf : document.leaves()) {
    const std::string replica = crdt::to_hex(crdt::big_endian(leaf.dot.replica.value));
    leaves.push_back({{"path", text_of(leaf.path)},
                      {"dot", {replica, leaf.dot.counter}},
                      {"rank", leaf.rank.micros},
                      {"request", crdt::to_string(leaf.stamp.request)},
                      {"author", text_of(leaf.stamp.author)},
                      {"value", text_of(leaf.value)}});
  }
  return ordered_json{
      {"document", text_of(key)}, {"context", std::move(context)}, {"leaves", std::move(leaves)}}
      .dump();
}

std::string to_line(const crdt::Record& record) {
  return ordered_json{{"record", text_of(record.key)}, {"value", text_of(record.value)}}.dump();
}

std::string to_line(const ExportEnd& end) {
  return ordered_json{{"end", true}, {"documents", end.documents}, {"records", end.records}}.dump();
}

crdt::Result<ExportLine> parse_export(const json& line) {
  LineReader reader;
  ExportLine read = reader.read(line);
  if (!reader.fault().empty()) return crdt::Error(reader.fault());
  return read;
}

crdt::Result<ExportLine> parse_export(std::string_view line) {
  const auto parsed = slack::parse_json(line);
  if (!parsed) return crdt::Error("it is not JSON in UTF-8");
  return parse_export(*parsed);
}

crdt::Result<Imported> import_line(crdt::Repository& repository, ExportLine line) {
  if (auto* document = std::get_if<DocumentImport>(&line)) {
    const auto held = repository.document(document->key);
    if (!held) return held.error();
    // Dots that this process has yet to mint: nobody else can know them.
    const crdt::ReplicaId self = repository.run();
    if (document->fragment.context.of(self) > (*held)->context().of(self)) {
      return crdt::Error("it holds changes by this very process that were never made");
    }
    auto merged = repository.merge(document->key, document->fragment);
    if (!merged) return merged.error();
    return Imported{merged->seq, std::move(merged->brought)};
  }
  if (auto* record = std::get_if<crdt::Record>(&line)) {
    crdt::Change change{{}, {std::move(*record)}};
    const auto outcome = repository.apply(change);
    if (!outcome) return outcome.error();
    return Imported{outcome->seq, std::move(change)};
  }
  return Imported{};
}

}  // namespace node

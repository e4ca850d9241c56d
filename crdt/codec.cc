#include "crdt/codec.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/codec_names.h"
#include "crdt/document.capnp.h"

namespace crdt {
namespace {

using DotsBuilder = capnp::List<std::uint64_t>::Builder;
using LeavesBuilder = capnp::List<wire::Leaf>::Builder;

// Most messages on the request path fit: 2 KiB on the stack, and no allocation but the result.
constexpr std::size_t kScratchWords = 256;

constexpr std::size_t kStoredLeafBytes = 96;  // A usual one: room for it is made at once.

capnp::Data::Reader to_data(BytesView bytes) {
  return capnp::Data::Reader(reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size());
}

Bytes to_bytes(capnp::Data::Reader data) {
  return Bytes(reinterpret_cast<const char*>(data.begin()), data.size());
}

unsigned size_of(const auto& list) { return static_cast<unsigned>(list.size()); }

// `fill` builds the message below its root.
template <class Root, class Fill>
Bytes encode_with(const Fill& fill) {
  capnp::word scratch[kScratchWords] = {};
  capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, kScratchWords));
  fill(message.initRoot<Root>());
  const auto segments = message.getSegmentsForOutput();
  Bytes bytes(capnp::computeSerializedSizeInWords(segments) * sizeof(capnp::word), '\0');
  kj::ArrayOutputStream out(kj::arrayPtr(reinterpret_cast<kj::byte*>(bytes.data()), bytes.size()));
  capnp::writeMessage(out, segments);
  return bytes;
}

// `read` turns the root into a Result<T>; whatever the reader throws becomes an Error.
template <class T, class Root, class Read>
Result<T> decode_with(BytesView bytes, const Read& read) {
  if (bytes.size() > kMessageBytesMax) return Error("message is over the size limit");
  if (bytes.size() % sizeof(capnp::word) != 0)
    return Error("message is not a whole number of words");
  const std::size_t count = bytes.size() / sizeof(capnp::word);
  // Numbers of a word's size and alignment: capnp::word itself cannot be assigned, which a vector
  // of any kind may want to.
  boost::container::small_vector<std::uint64_t, kScratchWords> words(
      count, boost::container::default_init);
  if (count > 0) std::memcpy(words.data(), bytes.data(), bytes.size());
  capnp::ReaderOptions options;
  options.traversalLimitInWords = count * kTraversalFactor;
  options.nestingLimit = kNestingMax;
  try {
    const auto* first = reinterpret_cast<const capnp::word*>(words.data());
    capnp::FlatArrayMessageReader message(kj::arrayPtr(first, count), options);
    return read(message.getRoot<Root>());
  } catch (const kj::Exception&) {
    return Error("message is not well-formed Cap'n Proto");
  }
}

void fill_vector(DotsBuilder out, const VersionVector& vector, const NameTable& names) {
  unsigned i = 0;
  for (const auto& [replica, counter] : vector.entries()) {
    out.set(i++, names.place_of(Dot{replica, counter}));
  }
}

void fill_dots(DotsBuilder out, const std::vector<Dot>& dots, const NameTable& names) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, names.place_of(dots[i]));
}

void fill_leaves(LeavesBuilder out, const std::vector<Leaf>& leaves, const NameTable& names) {
  for (unsigned i = 0; i < out.size(); ++i) {
    const Leaf& leaf = leaves[i];
    auto to = out[i];
    to.setDot(names.place_of(leaf.dot));
    to.setRank(leaf.rank.micros);
    to.setStamp(names.place_of(leaf.stamp));
    to.setPath(to_data(leaf.path));
    if (!leaf.value.empty()) to.setValue(to_data(leaf.value));
  }
}

bool ascend(const std::vector<Leaf>& leaves) {
  return std::is_sorted(leaves.begin(), leaves.end(),
                        [](const Leaf& a, const Leaf& b) { return a.dot <= b.dot; });
}

// Each group is in the order of paths, so equal dots need not be neighbours.
bool any_dot_twice(const std::vector<Leaf>& leaves) {
  std::vector<Dot> dots;
  for (const Leaf& leaf : leaves) dots.push_back(leaf.dot);
  std::sort(dots.begin(), dots.end());
  return std::adjacent_find(dots.begin(), dots.end()) != dots.end();
}

const char* fault_of(const Leaf& leaf) {
  if (leaf.path.empty() || leaf.path.size() > kPathBytesMax) return "path is empty or too long";
  if (leaf.value.size() > kValueBytesMax) return "value is too long";
  if (leaf.stamp.author.size() > kAuthorBytesMax) return "author is too long";
  if (leaf.dot.replica == ReplicaId{}) return "replica id is zero";
  if (leaf.dot.counter == 0 || leaf.dot.counter > kCounterMax) return "counter is out of range";
  return nullptr;
}

const char* fault_of(const Fragment& fragment) {
  if (!ascend(fragment.fresh)) return "fresh leaves do not ascend";
  for (const Leaf& leaf : fragment.fresh) {
    if (!fragment.context.covers(leaf.dot) || fragment.asker.covers(leaf.dot)) {
      return "fresh dot lies outside what the fragment brings";
    }
  }
  for (const Dot& dot : fragment.kept) {
    if (!fragment.context.covers(dot) || !fragment.asker.covers(dot)) {
      return "kept dot is not covered by both sides";
    }
  }
  return nullptr;
}

}  // namespace

const char* fault_of(const Delta& delta) {
  for (const auto& [replica, counter] : delta.advance.entries()) {
    if (counter <= delta.after.of(replica)) return "delta does not raise what it names";
  }
  if (!ascend(delta.written)) return "written leaves do not ascend";
  for (const Leaf& leaf : delta.written) {
    if (!delta.advance.covers(leaf.dot) || delta.after.covers(leaf.dot)) {
      return "written dot lies outside the delta's interval";
    }
  }
  for (const Dot& dot : delta.killed) {
    // `after` leaves out replicas that did not move, but never one that `advance` names.
    const std::uint64_t known = delta.after.of(dot.replica);
    const bool exact = known > 0 || delta.advance.of(dot.replica) > 0;
    if (exact && dot.counter > known) return "killed dot lies past what the delta follows";
  }
  if (delta.advance.empty() && !delta.killed.empty()) return "delta kills without advancing";
  return nullptr;
}

Bytes encode(const VersionVector& vector) {
  NameTable names;
  names.add(vector);
  names.seal();
  return encode_with<wire::VersionVector>([&](wire::VersionVector::Builder out) {
    names.write(out.initNames());
    fill_vector(out.initEntries(size_of(vector.entries())), vector, names);
  });
}

Bytes encode(const Delta& delta) {
  NameTable names;
  names.add(delta.after);
  names.add(delta.advance);
  names.add(delta.written);
  names.add(delta.killed);
  names.seal();
  return encode_with<wire::Delta>([&](wire::Delta::Builder out) {
    names.write(out.initNames());
    fill_vector(out.initAfter(size_of(delta.after.entries())), delta.after, names);
    fill_vector(out.initAdvance(size_of(delta.advance.entries())), delta.advance, names);
    fill_leaves(out.initWritten(size_of(delta.written)), delta.written, names);
    fill_dots(out.initKilled(size_of(delta.killed)), delta.killed, names);
  });
}

Bytes encode(const Fragment& fragment) {
  NameTable names;
  names.add(fragment.asker);
  names.add(fragment.context);
  names.add(fragment.fresh);
  names.add(fragment.kept);
  names.seal();
  return encode_with<wire::Fragment>([&](wire::Fragment::Builder out) {
    names.write(out.initNames());
    fill_vector(out.initAsker(size_of(fragment.asker.entries())), fragment.asker, names);
    fill_vector(out.initContext(size_of(fragment.context.entries())), fragment.context, names);
    fill_leaves(out.initFresh(size_of(fragment.fresh)), fragment.fresh, names);
    fill_dots(out.initKept(size_of(fragment.kept)), fragment.kept, names);
  });
}

Bytes encode(const Record& record) {
  return encode_with<wire::Record>([&](wire::Record::Builder out) {
    out.setKey(to_data(record.key));
    out.setValue(to_data(record.value));
  });
}

// A leaf is what its path shares with the one before it, the rest of it, dot, rank, stamp, value.
Bytes encode_leaves(std::span<const Leaf> group) {
  ByteWriter out;
  out.reserve(group.size() * kStoredLeafBytes).varint(group.size());
  BytesView before;
  for (const Leaf& leaf : group) {
    const auto differs =
        std::mismatch(before.begin(), before.end(), leaf.path.begin(), leaf.path.end());
    const auto shared = static_cast<std::size_t>(differs.first - before.begin());
    out.varint(shared).short_run(BytesView(leaf.path).substr(shared));
    out.number(leaf.dot.replica.value).varint(leaf.dot.counter);
    out.number(static_cast<std::uint64_t>(leaf.rank.micros));
    out.number(leaf.stamp.request.high).number(leaf.stamp.request.low);
    out.short_run(leaf.stamp.author).short_run(leaf.value);
    before = leaf.path;
  }
  return out.take();
}

Result<VersionVector> decode_version_vector(BytesView bytes) {
  const auto read = [](wire::VersionVector::Reader in) -> Result<VersionVector> {
    NameReader names(in.getNames());
    VersionVector vector = names.vector(in.getEntries());
    if (names.fault() != nullptr) return Error(names.fault());
    return vector;
  };
  return decode_with<VersionVector, wire::VersionVector>(bytes, read);
}

Result<Delta> decode_delta(BytesView bytes) {
  const auto read = [](wire::Delta::Reader in) -> Result<Delta> {
    NameReader names(in.getNames());
    Delta delta;
    delta.after = names.vector(in.getAfter());
    delta.advance = names.vector(in.getAdvance());
    delta.written = names.leaves(in.getWritten());
    delta.killed = names.dots(in.getKilled());
    if (names.fault() != nullptr) return Error(names.fault());
    if (const char* fault = fault_of(delta); fault != nullptr) return Error(fault);
    return delta;
  };
  return decode_with<Delta, wire::Delta>(bytes, read);
}

Result<Fragment> decode_fragment(BytesView bytes) {
  const auto read = [](wire::Fragment::Reader in) -> Result<Fragment> {
    NameReader names(in.getNames());
    Fragment fragment;
    fragment.asker = names.vector(in.getAsker());
    fragment.context = names.vector(in.getContext());
    fragment.fresh = names.leaves(in.getFresh());
    fragment.kept = names.dots(in.getKept());
    if (names.fault() != nullptr) return Error(names.fault());
    if (const char* fault = fault_of(fragment); fault != nullptr) return Error(fault);
    return fragment;
  };
  return decode_with<Fragment, wire::Fragment>(bytes, read);
}

Result<Record> decode_record(BytesView bytes) {
  const auto read = [](wire::Record::Reader in) -> Result<Record> {
    const auto key = in.getKey();
    const auto value = in.getValue();
    if (key.size() == 0 || key.size() > kRecordKeyBytesMax) {
      return Error("record key is empty or too long");
    }
    if (value.size() > kRecordValueBytesMax) return Error("record is over the size limit");
    return Record{to_bytes(key), to_bytes(value)};
  };
  return decode_with<Record, wire::Record>(bytes, read);
}

Result<std::vector<Leaf>> decode_leaves(BytesView bytes) {
  ByteReader in(bytes);
  std::vector<Leaf> group;
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    Leaf leaf;
    if (!group.empty()) leaf.path = group.back().path;
    const std::uint64_t shared = in.varint();
    if (shared > leaf.path.size()) return Error("leaf shares more of a path than there is");
    leaf.path.resize(shared);
    leaf.path += in.short_run();
    leaf.dot.replica.value = in.number();
    leaf.dot.counter = in.varint();
    leaf.rank.micros = static_cast<std::int64_t>(in.number());
    leaf.stamp.request.high = in.number();
    leaf.stamp.request.low = in.number();
    leaf.stamp.author = in.short_run();
    leaf.value = in.short_run();
    if (const char* fault = fault_of(leaf)) return Error(fault);
    group.push_back(std::move(leaf));
  }
  if (!in.at_end()) return Error("leaf group is cut off or goes on behind its end");
  if (any_dot_twice(group)) return Error("leaf group holds a dot twice");
  return group;
}

}  // namespace crdt

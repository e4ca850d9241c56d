#include "tests/support/frame_v1.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>

#include <cstring>
#include <stdexcept>

#include "crdt/document.capnp.h"
#include "gossip/wire.capnp.h"
#include "tests/gossip/later/document.capnp.h"
#include "tests/gossip/later/wire.capnp.h"
#include "tests/gossip/recorded/v1/document.capnp.h"
#include "tests/gossip/recorded/v1/wire.capnp.h"
#include "tests/support/octets_v1.h"

namespace tests {
namespace {

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;
using capnp::StructSchema;
using crdt::Bytes;
using crdt::BytesView;

// The first octet of a message.
enum KindV1 : std::uint8_t { kPlain, kPacked, kNames, kPush, kPushed, kCompare };

// Of one release: what a frame, and what lies in it as octets, is read or written with.
struct Schemas {
  StructSchema message;
  StructSchema vector;
  StructSchema fragment;
};

Schemas v1() {
  return {capnp::Schema::from<wire_v1::link::Message>(),
          capnp::Schema::from<wire_v1::state::VersionVector>(),
          capnp::Schema::from<wire_v1::state::Fragment>()};
}

Schemas today() {
  return {capnp::Schema::from<gossip::wire::Message>(),
          capnp::Schema::from<crdt::wire::VersionVector>(),
          capnp::Schema::from<crdt::wire::Fragment>()};
}

Schemas later() {
  return {capnp::Schema::from<wire_later::link::Message>(),
          capnp::Schema::from<wire_later::state::VersionVector>(),
          capnp::Schema::from<wire_later::state::Fragment>()};
}

// --- copying what one schema knows into another ---

void copy(const DynamicStruct::Reader& from, DynamicStruct::Builder to);

void copy_field(const DynamicStruct::Reader& from, capnp::StructSchema::Field field,
                DynamicStruct::Builder to) {
  if (!from.has(field)) return;
  const DynamicValue::Reader value = from.get(field);
  const auto target = to.getSchema().getFieldByName(field.getProto().getName());
  if (value.getType() == DynamicValue::STRUCT) {
    return copy(value.as<DynamicStruct>(), to.init(target).as<DynamicStruct>());
  }
  if (value.getType() != DynamicValue::LIST) return to.set(target, value);
  const auto list = value.as<DynamicList>();
  auto out = to.init(target, list.size()).as<DynamicList>();
  for (unsigned i = 0; i < list.size(); ++i) {
    const DynamicValue::Reader item = list[i];
    if (item.getType() == DynamicValue::STRUCT) {
      copy(item.as<DynamicStruct>(), out[i].as<DynamicStruct>());
    } else {
      out.set(i, item);
    }
  }
}

constexpr BytesView kLater = "later";

// A field that only the later release has.
void set_later(DynamicStruct::Builder to, capnp::StructSchema::Field field) {
  switch (field.getType().which()) {
    case capnp::schema::Type::DATA:
      return to.set(field, capnp::Data::Reader(reinterpret_cast<const kj::byte*>(kLater.data()),
                                               kLater.size()));
    case capnp::schema::Type::LIST:
      return to.init(field, 1).as<DynamicList>().set(0, 7);
    default:
      return to.set(field, 7);
  }
}

void copy(const DynamicStruct::Reader& from, DynamicStruct::Builder to) {
  for (const auto field : from.getSchema().getNonUnionFields()) copy_field(from, field, to);
  KJ_IF_MAYBE (active, from.which()) copy_field(from, *active, to);
  for (const auto field : to.getSchema().getNonUnionFields()) {
    if (from.getSchema().findFieldByName(field.getProto().getName()) == nullptr) {
      set_later(to, field);
    }
  }
}

// --- octets ---

std::vector<capnp::word> words_of(BytesView octets) {
  std::vector<capnp::word> words(octets.size() / sizeof(capnp::word));
  if (!words.empty()) {
    std::memcpy(static_cast<void*>(words.data()), octets.data(), words.size() * 8);
  }
  return words;
}

Bytes flat(capnp::MessageBuilder& message, bool packed) {
  kj::VectorOutputStream out;
  if (packed) {
    capnp::writePackedMessage(out, message);
  } else {
    capnp::writeMessage(out, message);
  }
  return {reinterpret_cast<const char*>(out.getArray().begin()), out.getArray().size()};
}

void append_number(Bytes& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

constexpr std::size_t kPackedBytesMax = 4'096;  // What a short message may unpack to.

Bytes framed(KindV1 kind, BytesView body) {
  Bytes out(1, static_cast<char>(kind));
  append_number(out, body.size());
  return out.append(body);
}

// What lies in a message as octets: unpacked, with a schema of its own.
struct Recoded {
  Bytes octets;
  std::string text;
};

Recoded recode(capnp::Data::Reader octets, StructSchema from, StructSchema to) {
  const auto words = words_of({reinterpret_cast<const char*>(octets.begin()), octets.size()});
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()));
  const auto root = reader.getRoot<DynamicStruct>(from);
  capnp::MallocMessageBuilder message;
  copy(root, message.initRoot<DynamicStruct>(to));
  return {flat(message, false), kj::str(root).cStr()};
}

void set_octets(DynamicStruct::Builder to, const char* field, const Bytes& octets) {
  to.set(field,
         capnp::Data::Reader(reinterpret_cast<const kj::byte*>(octets.data()), octets.size()));
}

// Contexts and fragments, after all else was copied. A fragment in several parts stays as it is.
std::string recode_inner(const DynamicStruct::Reader& from, DynamicStruct::Builder to,
                         const Schemas& read, const Schemas& write) {
  std::string text;
  if (from.has("want")) {
    auto out = to.get("want").as<DynamicStruct>().get("documents").as<DynamicList>();
    for (unsigned i = 0; i < out.size(); ++i) {
      auto document = out[i].as<DynamicStruct>();
      const Recoded inner =
          recode(document.asReader().get("context").as<capnp::Data>(), read.vector, write.vector);
      set_octets(document, "context", inner.octets);
      text += " context " + inner.text;
    }
  }
  if (from.has("fragment")) {
    auto part = to.get("fragment").as<DynamicStruct>();
    const bool whole = part.get("index").as<unsigned>() == 0 && part.get("last").as<bool>();
    if (!whole) return text;
    const Recoded inner =
        recode(part.asReader().get("bytes").as<capnp::Data>(), read.fragment, write.fragment);
    set_octets(part, "bytes", inner.octets);
    text += " fragment " + inner.text;
  }
  return text;
}

// Nothing where `read` does not know the message.
std::vector<SaidV1> recode_message(capnp::MessageReader& reader, const Schemas& read,
                                   const Schemas& write) {
  const auto root = reader.getRoot<DynamicStruct>(read.message);
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<DynamicStruct>(write.message);
  KJ_IF_MAYBE (active, root.which()) {
    copy(root, out);
    std::string text = kj::str(root).cStr();
    text += recode_inner(root, out, read, write);
    const bool packed = capnp::computeSerializedSizeInWords(message) * 8 <= kPackedBytesMax;
    return {{active->getProto().getName().cStr(), std::move(text),
             framed(packed ? kPacked : kPlain, flat(message, packed))}};
  }
  return {};
}

std::vector<SaidV1> recode_body(bool packed, BytesView body, const Schemas& read,
                                const Schemas& write) {
  if (packed) {
    kj::ArrayInputStream in(
        kj::arrayPtr(reinterpret_cast<const kj::byte*>(body.data()), body.size()));
    capnp::PackedMessageReader reader(in);
    return recode_message(reader, read, write);
  }
  const auto words = words_of(body);
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()));
  return recode_message(reader, read, write);
}

template <class OnMessage>
void each_message(BytesView frame, OnMessage on_message) {
  for (OctetsV1 in(frame); !in.empty();) {
    const auto kind = static_cast<std::uint8_t>(in.fixed(1));
    on_message(kind, in.run());
  }
}

Bytes farewell() {
  capnp::MallocMessageBuilder message;
  message.initRoot<wire_later::link::Message>().setFarewell();
  return framed(kPacked, flat(message, true));
}

// Of a kind that version 1 does not know.
Bytes unheard_of() { return framed(static_cast<KindV1>(77), kLater); }

}  // namespace

std::vector<SaidV1> EarV1::hear(BytesView frame) {
  std::vector<SaidV1> heard;
  each_message(frame, [&](std::uint8_t kind, BytesView body) {
    const Bytes as_it_was = framed(static_cast<KindV1>(kind), body);
    switch (kind) {
      case kPlain:
      case kPacked:
        for (SaidV1& said : recode_body(kind == kPacked, body, v1(), v1())) {
          heard.push_back(std::move(said));
        }
        return;
      case kNames:
        define_v1(body, names_);
        return heard.push_back({"names", "names", as_it_was});
      case kPush:
        return heard.push_back({"push", push_v1(body, names_), as_it_was});
      case kPushed:
        return heard.push_back({"pushed", pushed_v1(body), as_it_was});
      case kCompare:
        return heard.push_back({"compare", compare_v1(body), as_it_was});
      default:
        return;
    }
  });
  return heard;
}

Bytes said_later(BytesView frame) {
  Bytes out = farewell();
  each_message(frame, [&](std::uint8_t kind, BytesView body) {
    if (kind > kPacked) {
      out += framed(static_cast<KindV1>(kind), body);
    } else {
      for (const SaidV1& said : recode_body(kind == kPacked, body, today(), later())) {
        out += said.octets;
      }
    }
    out += unheard_of();
  });
  return out;
}

std::size_t added_later(BytesView frame) {
  std::size_t messages = 1;
  each_message(frame, [&](std::uint8_t, BytesView) { ++messages; });
  return messages;
}

}  // namespace tests

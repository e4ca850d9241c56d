#include "gossip/wire.h"

#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <type_traits>

#include "crdt/byte_io.h"
#include "crdt/codec.h"
#include "crdt/hash64.h"
#include "crdt/keyspace.h"
#include "gossip/change_wire.h"
#include "gossip/compare_wire.h"
#include "gossip/wire.capnp.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Error;
using crdt::Result;

capnp::Data::Reader octets(BytesView bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

Bytes bytes_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

void set(wire::Cursor::Builder out, const crdt::Cursor& cursor) {
  out.setRun(cursor.run.value);
  out.setSeq(cursor.seq);
}

template <class List>
void set_records(List list, const std::vector<crdt::Record>& records) {
  for (unsigned i = 0; i < records.size(); ++i) {
    list[i].setKey(octets(records[i].key));
    list[i].setValue(octets(records[i].value));
  }
}

template <class List>
void set_keys(List list, const std::vector<Bytes>& keys) {
  for (unsigned i = 0; i < keys.size(); ++i) list.set(i, octets(keys[i]));
}

void build(wire::Message::Builder out, const Hello& hello) {
  auto to = out.initHello();
  to.setVersion(hello.version);
  to.setRun(hello.run.value);
  to.setHead(hello.head);
  to.setName(octets(hello.name));
  to.setLetter(static_cast<std::uint8_t>(hello.letter));
  to.setKeepDays(hello.keep_days);
}

void build(wire::Message::Builder out, const Resume& resume) {
  auto to = out.initResume();
  to.setScan(resume.scan);
  set(to.initCursor(), resume.cursor);
  to.setOffersMax(resume.offers_max);
  to.setHolds(resume.holds);
}

void build(wire::Message::Builder out, const Linked& linked) {
  auto to = out.initLinked();
  to.setCatchingUp(linked.catching_up);
  auto runs = to.initRuns(linked.runs.size());
  for (unsigned i = 0; i < linked.runs.size(); ++i) runs.set(i, linked.runs[i].value);
}

void build(wire::Message::Builder out, const Offer& offer) {
  auto to = out.initOffer();
  to.setScan(offer.scan);
  to.setFrom(offer.from);
  to.setTo(offer.to);
  to.setTail(offer.tail);
  auto sources = to.initSources(offer.sources.size());
  for (unsigned i = 0; i < offer.sources.size(); ++i) set(sources[i], offer.sources[i]);
  auto documents = to.initDocuments(offer.documents.size());
  for (unsigned i = 0; i < offer.documents.size(); ++i) {
    documents[i].setKey(octets(offer.documents[i].key));
    documents[i].setHash(offer.documents[i].hash);
  }
  set_keys(to.initRecords(offer.records.size()), offer.records);
}

void build(wire::Message::Builder out, const Expand& expand) {
  auto to = out.initExpand();
  to.setScan(expand.scan);
  to.setFrom(expand.from);
}

void build(wire::Message::Builder out, const Resolved& resolved) {
  auto to = out.initResolved();
  to.setScan(resolved.scan);
  to.setTo(resolved.to);
}

void build(wire::Message::Builder out, const Want& want) {
  auto to = out.initWant();
  auto documents = to.initDocuments(want.documents.size());
  for (unsigned i = 0; i < want.documents.size(); ++i) {
    documents[i].setKey(octets(want.documents[i].key));
    documents[i].setContext(octets(crdt::encode(want.documents[i].context)));
  }
  set_keys(to.initRecords(want.records.size()), want.records);
}

void build(wire::Message::Builder out, const FragmentPart& part) {
  auto to = out.initFragment();
  to.setKey(octets(part.key));
  to.setIndex(part.index);
  to.setLast(part.last);
  to.setBytes(octets(part.bytes));
}

void build(wire::Message::Builder out, const Records& records) {
  set_records(out.initRecords().initRecords(records.records.size()), records.records);
}

void build(wire::Message::Builder out, const Lacking& lacking) {
  auto to = out.initLacking();
  auto documents = to.initDocuments(lacking.documents.size());
  for (unsigned i = 0; i < lacking.documents.size(); ++i) {
    documents.set(i, octets(lacking.documents[i]));
  }
  set_keys(to.initRecords(lacking.records.size()), lacking.records);
}

void build(wire::Message::Builder out, const Ping&) { out.setPing(); }
void build(wire::Message::Builder out, const Pong&) { out.setPong(); }

void build(wire::Message::Builder out, const Swim& swim) {
  auto to = out.initSwim();
  to.setKind(static_cast<std::uint8_t>(swim.kind));
  to.setNumber(swim.number);
  to.setTarget(swim.target.value);
  to.setIncarnation(swim.incarnation);
  to.setReady(swim.ready);
  to.setView(swim.view);
  if (swim.news.empty()) return;
  auto news = to.initNews(swim.news.size());
  for (unsigned i = 0; i < swim.news.size(); ++i) {
    news[i].setMember(swim.news[i].member.value);
    news[i].setIncarnation(swim.news[i].incarnation);
    news[i].setBy(swim.news[i].by.value);
    news[i].setState(static_cast<std::uint8_t>(swim.news[i].state));
  }
}

// --- reading: each returns nothing where a limit is broken ---

std::optional<std::string> document_key(capnp::Data::Reader in) {
  std::string key = bytes_of(in);
  if (!crdt::keyspace::valid_document_key(key)) return std::nullopt;
  return key;
}

template <class List>
std::optional<std::vector<Bytes>> record_keys(List list) {
  if (list.size() > kListMax) return std::nullopt;
  std::vector<Bytes> keys;
  for (const auto key : list) {
    if (key.size() == 0 || key.size() > crdt::kRecordKeyBytesMax) return std::nullopt;
    keys.push_back(bytes_of(key));
  }
  return keys;
}

template <class List>
std::optional<std::vector<crdt::Record>> records_of(List list) {
  if (list.size() > kListMax) return std::nullopt;
  std::vector<crdt::Record> records;
  for (const auto record : list) {
    const auto key = record.getKey();  // Once: each call counts against the traversal limit.
    const auto value = record.getValue();
    if (!record_fits(key.size(), value.size())) return std::nullopt;
    records.push_back({bytes_of(key), bytes_of(value)});
  }
  return records;
}

std::optional<Message> read(wire::Message::Hello::Reader in) {
  if (in.getRun() == 0 || in.getName().size() > kNameBytesMax) return std::nullopt;
  const char letter = static_cast<char>(in.getLetter());
  return Hello{in.getVersion(),
               {in.getRun()},
               in.getHead(),
               bytes_of(in.getName()),
               letter >= 'a' && letter <= 'z' ? letter : '\0',
               in.getKeepDays()};
}

std::optional<Message> read(wire::Message::Resume::Reader in) {
  return Resume{in.getScan(),
                {{in.getCursor().getRun()}, in.getCursor().getSeq()},
                std::max<std::uint8_t>(in.getOffersMax(), 1),
                in.getHolds()};
}

std::optional<Message> read(wire::Message::Linked::Reader in) {
  if (in.getRuns().size() > kListMax) return std::nullopt;
  Linked linked;
  linked.catching_up = in.getCatchingUp();
  for (const std::uint64_t run : in.getRuns()) linked.runs.push_back({run});
  return linked;
}

std::optional<Message> read(wire::Message::Offer::Reader in) {
  Offer offer{in.getScan(), in.getFrom(), in.getTo(), in.getTail(), {}, {}, {}};
  if (offer.to < offer.from || in.getSources().size() > kListMax ||
      in.getDocuments().size() > kListMax) {
    return std::nullopt;
  }
  for (const auto source : in.getSources()) {
    offer.sources.push_back({{source.getRun()}, source.getSeq()});
  }
  for (const auto document : in.getDocuments()) {
    std::optional<std::string> key = document_key(document.getKey());
    if (!key) return std::nullopt;
    offer.documents.push_back({std::move(*key), document.getHash()});
  }
  auto keys = record_keys(in.getRecords());
  if (!keys) return std::nullopt;
  offer.records = std::move(*keys);
  return offer;
}

std::optional<Message> read(wire::Message::Want::Reader in) {
  if (in.getDocuments().size() > kListMax) return std::nullopt;
  Want want;
  for (const auto document : in.getDocuments()) {
    std::optional<std::string> key = document_key(document.getKey());
    const Bytes encoded = bytes_of(document.getContext());
    Result<crdt::VersionVector> context = crdt::decode_version_vector(encoded);
    if (!key || !context) return std::nullopt;
    want.documents.push_back({std::move(*key), std::move(*context)});
  }
  auto keys = record_keys(in.getRecords());
  if (!keys) return std::nullopt;
  want.records = std::move(*keys);
  return want;
}

std::optional<Message> read(wire::Message::Fragment::Reader in) {
  std::optional<std::string> key = document_key(in.getKey());
  if (!key || in.getBytes().size() > kFragmentPartMax) return std::nullopt;
  return FragmentPart{std::move(*key), in.getIndex(), in.getLast(), bytes_of(in.getBytes())};
}

std::optional<Message> read(wire::Message::Records::Reader in) {
  auto records = records_of(in.getRecords());
  if (!records) return std::nullopt;
  return Records{std::move(*records)};
}

std::optional<Message> read(wire::Message::Lacking::Reader in) {
  if (in.getDocuments().size() > kListMax) return std::nullopt;
  Lacking lacking;
  for (const auto document : in.getDocuments()) {
    std::optional<std::string> key = document_key(document);
    if (!key) return std::nullopt;
    lacking.documents.push_back(std::move(*key));
  }
  auto keys = record_keys(in.getRecords());
  if (!keys) return std::nullopt;
  lacking.records = std::move(*keys);
  return lacking;
}

// Kinds and states of a later version are skipped, as whole messages of one are.
std::optional<Message> read(wire::Message::Swim::Reader in, bool& known) {
  known = in.getKind() <= static_cast<std::uint8_t>(SwimKind::kView);
  if (!known || in.getIncarnation() == 0 || in.getNews().size() > kListMax) return std::nullopt;
  Swim swim{static_cast<SwimKind>(in.getKind()),
            in.getNumber(),
            {in.getTarget()},
            in.getIncarnation(),
            in.getReady(),
            in.getView(),
            {}};
  for (const auto news : in.getNews()) {
    if (news.getIncarnation() == 0) return std::nullopt;
    if (news.getState() > static_cast<std::uint8_t>(Liveness::kDead)) continue;
    swim.news.push_back({{news.getMember()},
                         news.getIncarnation(),
                         static_cast<Liveness>(news.getState()),
                         {news.getBy()}});
  }
  return swim;
}

// The message, or nothing where it breaks a limit. `known` turns false for a kind of a later
// version.
std::optional<Message> read(wire::Message::Reader in, bool& known) {
  known = true;
  switch (in.which()) {
    case wire::Message::HELLO:
      return read(in.getHello());
    case wire::Message::RESUME:
      return read(in.getResume());
    case wire::Message::LINKED:
      return read(in.getLinked());
    case wire::Message::OFFER:
      return read(in.getOffer());
    case wire::Message::EXPAND:
      return Expand{in.getExpand().getScan(), in.getExpand().getFrom()};
    case wire::Message::RESOLVED:
      return Resolved{in.getResolved().getScan(), in.getResolved().getTo()};
    case wire::Message::WANT:
      return read(in.getWant());
    case wire::Message::FRAGMENT:
      return read(in.getFragment());
    case wire::Message::RECORDS:
      return read(in.getRecords());
    case wire::Message::PING:
      return Ping{};
    case wire::Message::PONG:
      return Pong{};
    case wire::Message::LACKING:
      return read(in.getLacking());
    case wire::Message::SWIM:
      return read(in.getSwim(), known);
  }
  known = false;
  return std::nullopt;
}

// The first octet of a message.
enum Kind : std::uint8_t { kPlain, kPacked, kNames, kPush, kPushed, kCompare };

// The words of one Cap'n Proto message, copied: peers' bytes are not aligned.
std::vector<capnp::word> words_of(BytesView bytes) {
  std::vector<capnp::word> words(bytes.size() / sizeof(capnp::word));
  if (!words.empty()) {  // Not even nothing may be copied from or to nowhere.
    std::memcpy(static_cast<void*>(words.data()), bytes.data(), words.size() * sizeof(capnp::word));
  }
  return words;
}

// Nothing for a message that is to be skipped.
using Decoded = Result<std::optional<Message>>;

capnp::ReaderOptions limits(std::size_t bytes) {
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 2 * bytes / sizeof(capnp::word) + 64;  // Each word, and pointers.
  limits.nestingLimit = 8;                                              // The schema is four deep.
  return limits;
}

Decoded message_of(capnp::MessageReader& reader) {
  bool known = false;
  std::optional<Message> message = read(reader.getRoot<wire::Message>(), known);
  if (!message && known) return Error("a message of a peer breaks a limit");
  return message;
}

Decoded decode_plain(BytesView body) {
  if (body.size() % sizeof(capnp::word) != 0) return Error("a message of a peer is cut off");
  const std::vector<capnp::word> words = words_of(body);
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()),
                                       limits(body.size()));
  return message_of(reader);
}

Decoded decode_packed(BytesView body) {
  kj::ArrayInputStream in(octets(body));
  capnp::word scratch[kPackedBytesMax / sizeof(capnp::word)];
  Decoded message = std::optional<Message>();
  bool rest = false;
  {
    // The limit also bounds what is unpacked, before it is. The reader's end throws where segments
    // are missing that nothing referred to; a value on its way out of this function would leak.
    capnp::PackedMessageReader reader(in, limits(kPackedBytesMax), scratch);
    message = message_of(reader);
    rest = in.tryGetReadBuffer().size() > 0;
  }
  if (rest) return Error("a message of a peer goes on past its end");
  return message;
}

Decoded decode_capnp(BytesView body, bool packed) {
  try {
    return packed ? decode_packed(body) : decode_plain(body);
  } catch (const kj::Exception& exception) {
    return Error(std::string("a message of a peer is malformed: ") +
                 exception.getDescription().cStr());
  }
}

Decoded decode(std::uint8_t kind, BytesView body, crdt::HeardNames& names) {
  switch (kind) {
    case kPlain:
    case kPacked:
      return decode_capnp(body, kind == kPacked);
    case kNames:
      if (!names.define(body)) return Error("names of a peer break a limit");
      return std::optional<Message>();
    case kPush: {
      Result<Push> push = decode_push(body, names);
      if (!push) return push.error();
      return std::optional<Message>(std::move(*push));
    }
    case kPushed: {
      Result<Pushed> pushed = decode_pushed(body);
      if (!pushed) return pushed.error();
      return std::optional<Message>(std::move(*pushed));
    }
    case kCompare: {
      auto compare = decode_compare(body);
      if (!compare) return compare.error();
      return *compare ? std::optional<Message>(std::move(**compare)) : std::nullopt;
    }
    default:
      return std::optional<Message>();
  }
}

Bytes framed(Kind kind, BytesView body) {
  const char first = static_cast<char>(kind);
  return crdt::ByteWriter().octets({&first, 1}).varint(body.size()).octets(body).take();
}

template <class Said>
Bytes encode_said(const Said& said) {
  // What is packed fits the scratch space, which saves an allocation; it must start zeroed.
  capnp::word scratch[kPackedBytesMax / sizeof(capnp::word)];
  std::memset(static_cast<void*>(scratch), 0, sizeof(scratch));
  capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch, std::size(scratch)));
  build(builder.initRoot<wire::Message>(), said);
  const auto segments = builder.getSegmentsForOutput();
  const std::size_t size = capnp::computeSerializedSizeInWords(segments) * sizeof(capnp::word);
  const bool pack = size <= kPackedBytesMax;
  kj::VectorOutputStream out(size);
  if (pack) {
    capnp::writePackedMessage(out, segments);
  } else {
    capnp::writeMessage(out, segments);
  }
  return framed(pack ? kPacked : kPlain, bytes_of(out.getArray()));
}

Bytes encode_said(const Push& push) {
  crdt::SentNames names;
  const Bytes encoded = encode_push(push.seq, push.firsthand, push.change, names);
  return encode_names(crdt::ToldNames().tell(names)) + encoded;
}

Bytes encode_said(const Pushed& pushed) { return framed(kPushed, pushed_body(pushed)); }
Bytes encode_said(const Compare& compare) { return framed(kCompare, compare_body(compare)); }

}  // namespace

Bytes encode_names(BytesView definitions) { return framed(kNames, definitions); }

Bytes encode_push(std::uint64_t seq, bool firsthand, const crdt::Change& change,
                  crdt::SentNames& names) {
  return framed(kPush, push_body(seq, firsthand, change, names));
}

Bytes encode(const Message& message) {
  return std::visit([](const auto& said) { return encode_said(said); }, message);
}

Result<Frame> read_frame(BytesView frame, crdt::HeardNames& names) {
  Frame read;
  crdt::ByteReader in(frame);
  for (std::size_t count = 0; !in.at_end(); ++count) {
    if (count == kMessagesMax) return Error("a frame of a peer holds too many messages");
    const std::uint8_t kind = in.octet();
    const BytesView body = in.octets(in.varint());
    if (in.bad()) return Error("a frame of a peer is cut off");
    Decoded message = decode(kind, body, names);
    if (!message) return message.error();
    if (*message) {
      read.messages.push_back(std::move(**message));
    } else if (kind != kNames) {
      ++read.skipped;
    }
  }
  return read;
}

std::uint64_t context_hash(const crdt::VersionVector& context) {
  crdt::ByteWriter out;
  for (const auto& [replica, counter] : context.entries()) {
    out.number(replica.value).number(counter);
  }
  return crdt::hash64(out.take());
}

}  // namespace gossip

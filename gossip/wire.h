// Wire: messages to bytes and back.
//
// Shape    a frame is any number of messages, each a kind (one octet), a length (varint) and a
//          body. What is said about every change has a form of its own (gossip/change_wire.h); all
//          else is Cap'n Proto, packed where it is short: most of it is zeros.
// Size     hard limits on all that a peer may send; kFrameBytesMax (gossip/secure_channel.h) bounds
//          the whole.
// Errors   a frame that breaks a limit or lies about its shape is refused whole: nothing of it
//          counts. Messages of a kind that this version does not know are skipped.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/compact_names.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

inline constexpr std::size_t kMessagesMax = 4'096;       // In one frame: a full batch, and answers.
inline constexpr std::size_t kNameBytesMax = 64;         // A peer's name.
inline constexpr std::size_t kFragmentPartMax = 65'536;  // So that fragments share a link fairly.

// Longer messages are documents and records, which packing would cost more than it saves. It also
// bounds what a few octets can unpack to.
inline constexpr std::size_t kPackedBytesMax = 4'096;

// One message, with the definitions of all names it refers to: for a link that was told none.
[[nodiscard]] crdt::Bytes encode(const Message& message);

// One Push, for every link that was told the names it refers to: encode_names() of what
// ToldNames::tell() gives goes before it.
[[nodiscard]] crdt::Bytes encode_push(std::uint64_t seq, bool firsthand, const crdt::Change& change,
                                      crdt::SentNames& names);
[[nodiscard]] crdt::Bytes encode_names(crdt::BytesView definitions);

// What a frame says. Messages of a later release are left out, and counted.
struct Frame {
  std::vector<Message> messages;
  std::size_t skipped = 0;
};

// `names`: what came over this link before; what the frame defines is added, even if it is refused.
[[nodiscard]] crdt::Result<Frame> read_frame(crdt::BytesView frame, crdt::HeardNames& names);
[[nodiscard]] inline crdt::Result<std::vector<Message>> decode_frame(crdt::BytesView frame,
                                                                     crdt::HeardNames& names) {
  crdt::Result<Frame> read = read_frame(frame, names);
  if (!read) return read.error();
  return std::move(read->messages);
}

// What an Offer says of a document's context.
[[nodiscard]] std::uint64_t context_hash(const crdt::VersionVector& context);

}  // namespace gossip

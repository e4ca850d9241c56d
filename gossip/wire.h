// Wire: messages to bytes and back.
//
// Shape    a frame is any number of messages, each a big-endian u32 length and a Cap'n Proto
//          message, so that one encoding of a push serves every link.
// Size     hard limits on all that a peer may send; kFrameBytesMax (gossip/secure_channel.h) bounds
//          the whole.
// Errors   a frame that breaks a limit or lies about its shape is refused whole: nothing of it
//          counts. Messages of a kind that this version does not know are skipped.
#pragma once

#include <cstddef>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

inline constexpr std::size_t kMessagesMax = 4'096;       // In one frame: a full batch, and answers.
inline constexpr std::size_t kListMax = 16'384;          // Entries of any list in one message.
inline constexpr std::size_t kNameBytesMax = 64;         // A peer's name.
inline constexpr std::size_t kFragmentPartMax = 65'536;  // So that fragments share a link fairly.

// One message with its length in front.
[[nodiscard]] crdt::Bytes encode(const Message& message);

[[nodiscard]] crdt::Result<std::vector<Message>> decode_frame(crdt::BytesView frame);

// What an Offer says of a document's context.
[[nodiscard]] std::uint64_t context_hash(const crdt::VersionVector& context);

}  // namespace gossip

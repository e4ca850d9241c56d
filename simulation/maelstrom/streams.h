// Streams: the byte streams that gossip runs over, carried by messages that Maelstrom may lose.
//
// Shape    a stream is named by who dialled it and a number of theirs. Each message of a direction
//          carries its place in that direction. Messages that overtake others wait for them; where
//          one does not come the stream is reset, at both ends, as a TCP connection would be that
//          cannot get through: nothing is sent again, because gossip repairs what a lost link lost.
//            {"type": "stream", "number": N, "dialled": sent by who dialled, "place": 0, 1, ...,
//             "bytes": hexadecimal}
//            {"type": "stream_reset", "number": N, "dialled": ...}
//          There is no connecting: place 0 of whoever dials opens the stream.
// Size     kEarlyMax messages that wait, for each stream.
// Laws     what comes out of a stream at one end is a prefix of what went in at the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/instant.h"
#include "gossip/link_id.h"
#include "simulation/maelstrom/envelope.h"

namespace simulation::maelstrom {

inline constexpr const char* kStreamType = "stream";
inline constexpr const char* kResetType = "stream_reset";

// What happened to a stream, for the gossip peer above.
struct StreamEvent {
  enum class Kind { kOpened, kBytes, kClosed };

  Kind kind = Kind::kOpened;
  gossip::LinkId link;
  crdt::Bytes bytes;   // Of kBytes.
  std::string reason;  // Of kClosed.

  bool operator==(const StreamEvent&) const = default;
};

class Streams {
 public:
  // A second's traffic of a busy peer; a stream with so much ahead of a gap has lost something.
  static constexpr std::size_t kEarlyMax = 1'024;

  // What overtook another message waits so long for it. Ten times the mean latency that Maelstrom
  // is used with: of an exponential distribution, one in 22,000 takes longer.
  static constexpr std::chrono::milliseconds kGapMax{1'000};

  // For the first answer: two such ways.
  static constexpr std::chrono::milliseconds kAnswerMax{2'000};

  // `first_number`: of the streams dialled here; must never come again for this node.
  Streams(std::string self, std::uint64_t first_number)
      : self_(std::move(self)), next_number_(first_number) {}

  gossip::LinkId dial(crdt::Instant now, const std::string& peer);
  void send(gossip::LinkId link, crdt::BytesView bytes);
  void close(gossip::LinkId link);

  // One of the two messages above, with anything in it. The events come in order.
  [[nodiscard]] std::vector<StreamEvent> receive(crdt::Instant now, const Envelope& envelope);
  [[nodiscard]] std::vector<StreamEvent> wake(crdt::Instant now);
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // What is to be sent, oldest first.
  [[nodiscard]] std::vector<Envelope> take_messages() { return std::exchange(messages_, {}); }

 private:
  // Peer, number, and whether this side dialled.
  using Name = std::tuple<std::string, std::uint64_t, bool>;

  struct Stream {
    gossip::LinkId link;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::map<std::uint64_t, crdt::Bytes> early;  // By place, above `received`.
    std::optional<crdt::Instant> give_up_at;     // Unless what is missing comes.
  };

  Stream& open(const Name& name);
  void say(const Name& name, const char* type, Json body);
  std::vector<StreamEvent> take(crdt::Instant now, const Name& name, std::uint64_t place,
                                crdt::Bytes bytes);
  StreamEvent drop(const Name& name, const std::string& reason, bool tell);

  std::string self_;
  std::uint64_t next_number_;
  std::uint64_t next_link_ = 1;
  std::map<Name, Stream> streams_;
  std::map<gossip::LinkId, Name> names_;  // Of exactly these streams.
  std::vector<Envelope> messages_;
};

}  // namespace simulation::maelstrom

// Recording: what one peer, "here", heard and said on its links with others, frame by frame as they
// were before they were sealed, and what its documents were in the end.
//
// Shape    a line each: who takes part; then "at MICROSECONDS" and what happened; then the end:
//            here NAME ADDRESS IDENTITY RUN
//            peer NAME ADDRESS IDENTITY
//            at T made CHANGE             its own change, as the frame that pushes it
//            at T heard NAME FRAME        a Hello in it begins a new link
//            at T said NAME FRAME
//            at T lost NAME               its link
//            at T ends
//            document KEY STATE
//            digest HASH
//          Octets are hexadecimal. A line that begins with # is for people.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/frame_v1.h"
#include "tests/support/mesh.h"

namespace gossip {

struct Recording {
  struct Member {
    std::string name;
    std::string address;
    PrivateKey identity;
  };
  enum class What : std::uint8_t { kMade, kHeard, kSaid, kLost, kEnds };
  struct Event {
    crdt::Instant at;
    What what = What::kMade;
    std::string name;
    crdt::Bytes octets;
  };

  std::string title;
  Member here;
  crdt::ReplicaId run;
  std::vector<Member> peers;
  std::vector<Event> events;
  std::map<std::string, std::string> documents;  // Hashes of their states, by key.
  std::string digest;
};

[[nodiscard]] std::string to_text(const Recording& recording);
// Throws std::runtime_error where it is malformed.
[[nodiscard]] Recording recording_of(const std::string& text);

// What everybody in a recording is set to, beside who is who: stores are compared soon.
void configure(Config& config);

// Records what node 0 of a Mesh lives through.
class Recorder {
 public:
  // What else becomes of a frame on its way.
  using Filter = std::function<crdt::Bytes(std::size_t from, std::size_t to, crdt::BytesView)>;

  Recorder(test::Mesh& mesh, std::string title, Filter filter = {});

  void cut(std::size_t node);      // From node 0.
  void restart(std::size_t node);  // REQUIRES another one than node 0.
  [[nodiscard]] Recording finish(const std::vector<std::string>& keys);

 private:
  void note(Recording::What what, std::size_t node, crdt::BytesView octets);

  test::Mesh& mesh_;
  Recording recording_;
};

// What today's Peer makes of a recording.
struct Played {
  std::map<std::string, std::string> documents;
  std::string digest;
  std::vector<std::string> notices;
  std::vector<crdt::Bytes> said;  // Frames.
};
[[nodiscard]] Played play(const Recording& recording);

}  // namespace gossip

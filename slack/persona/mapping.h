// Mapping: which name and picture a user wants for each status emoji.
//
// Shape    one document for each user, under document_key().
//            e/<emoji>/name       register: the display name
//            e/<emoji>/picture    register: content hash of the picture, 64 hex digits
//            d/default/name       the pair for no emoji, or an expired one
//            d/default/picture
//          Name and picture are registers of their own: somebody who changes one of them beside
//          somebody who changes the other loses nothing. A pair may have only one half; an empty
//          value is a removed half.
// Size     kPairsMax emojis for one user.
// Errors   validate() says in a sentence what is wrong with a name, a hash or an emoji.
// Laws     tests/slack/persona/mapping_test.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/instant.h"
#include "crdt/result.h"

namespace slack::persona {

inline constexpr std::size_t kNameCharsMax = 80;    // users.profile.set refuses longer ones.
inline constexpr std::size_t kEmojiBytesMax = 120;  // Slack's names end at 100; two skin tones.
inline constexpr std::size_t kPictureHashChars = 64;
inline constexpr std::size_t kPairsMax = 200;  // A document that still travels in one frame.

// "persona/<team>/<user>".
[[nodiscard]] std::string document_key(std::string_view team, std::string_view user);

// A register and what concurrent writers would have instead.
struct Half {
  std::optional<std::string> value;
  std::vector<std::string> rivals;  // Greatest rank first; "" would rather have it removed.

  bool operator==(const Half&) const = default;
};

struct Pair {
  Half name;
  Half picture;

  [[nodiscard]] bool empty() const { return !name.value && !picture.value; }
  bool operator==(const Pair&) const = default;
};

struct Mapping {
  std::map<std::string, Pair, std::less<>> pairs;  // By emoji, such as ":palm_tree:".
  Pair initial;

  // What a status emoji stands for. No emoji: the default pair. An emoji without a pair: nullptr.
  [[nodiscard]] const Pair* find(std::string_view emoji) const;

  bool operator==(const Mapping&) const = default;
};

[[nodiscard]] Mapping read_mapping(const crdt::Document& document);

enum class HalfKind { kName, kPicture };

// One wish of a user: a half of one pair, or no more of it.
struct Wish {
  std::string emoji;  // Empty: the default pair.
  HalfKind half = HalfKind::kName;
  std::optional<std::string> value;  // nullopt: remove this half.
};

[[nodiscard]] crdt::Result<void> validate(const Wish& wish);

// Writes what the wishes change, and the handled mark if they change anything. A request that was
// handled before, and a value that was asked for later, stand. `now` is this peer's clock. An Error
// has written nothing.
[[nodiscard]] crdt::Result<void> apply(const std::vector<Wish>& wishes, crdt::WallTime now,
                                       crdt::Edit& edit);

}  // namespace slack::persona

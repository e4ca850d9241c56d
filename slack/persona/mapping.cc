#include "slack/persona/mapping.h"

#include <algorithm>

#include "crdt/handled_set.h"
#include "crdt/mv_register.h"
#include "crdt/path.h"
#include "slack/field_write.h"
#include "slack/utf8.h"

namespace slack::persona {
namespace {

constexpr std::string_view kEmojis = "e";
constexpr std::string_view kDefaultPair = "d/default";
constexpr std::string_view kName = "name";
constexpr std::string_view kPicture = "picture";
// Removing is a write, so that it keeps its time: a late retry of what it removed cannot bring it
// back.
constexpr std::string_view kRemoved = "";

std::string pair_path(std::string_view emoji) {
  return emoji.empty() ? std::string(kDefaultPair) : crdt::child_path(kEmojis, emoji);
}

std::string half_path(std::string_view emoji, HalfKind half) {
  const std::string_view name = half == HalfKind::kName ? kName : kPicture;
  return pair_path(emoji).append("/").append(name);
}

Half read_half(const crdt::Document& document, const std::string& path) {
  Half half;
  const auto values = crdt::MvRegister(path).values(document);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) {
      half.rivals.push_back(values[i]->value);
    } else if (values[i]->value != kRemoved) {
      half.value = values[i]->value;
    }
  }
  return half;
}

crdt::Result<void> validate_name(std::string_view name) {
  if (name.empty()) return crdt::Error("a display name cannot be empty");
  if (utf8_length(name) > kNameCharsMax) {
    return crdt::Error("a display name has at most 80 characters");
  }
  if (to_valid_utf8(name) != name) return crdt::Error("a display name must be valid UTF-8");
  return {};
}

crdt::Result<void> validate_emoji(std::string_view emoji) {
  if (emoji.empty()) return {};
  const bool sound = emoji.size() <= kEmojiBytesMax && emoji.size() > 2 && emoji.front() == ':' &&
                     emoji.back() == ':' && to_valid_utf8(emoji) == emoji &&
                     std::none_of(emoji.begin(), emoji.end(), [](char c) {
                       return static_cast<unsigned char>(c) <= ' ' || c == '/';
                     });
  if (!sound) return crdt::Error("an emoji is written like \":palm_tree:\"");
  return {};
}

bool is_picture_hash(std::string_view text) {
  return text.size() == kPictureHashChars && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string document_key(std::string_view team, std::string_view user) {
  return std::string("persona/").append(team).append("/").append(user);
}

const Pair* Mapping::find(std::string_view emoji) const {
  if (emoji.empty()) return &initial;
  const auto found = pairs.find(emoji);
  return found == pairs.end() ? nullptr : &found->second;
}

Mapping read_mapping(const crdt::Document& document) {
  Mapping mapping;
  const auto read_into = [&](Pair& pair, const std::string& path, std::string_view half) {
    if (half == kName) pair.name = read_half(document, path);
    if (half == kPicture) pair.picture = read_half(document, path);
  };
  crdt::for_each_below(document, kEmojis, [&](const auto& path, const auto&, auto rest) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return;
    Pair& pair = mapping.pairs[crdt::unescape_part(rest.substr(0, slash))];
    read_into(pair, path, rest.substr(slash + 1));
  });
  crdt::for_each_below(document, kDefaultPair, [&](const auto& path, const auto&, auto rest) {
    read_into(mapping.initial, path, rest);
  });
  std::erase_if(mapping.pairs, [](const auto& entry) { return entry.second.empty(); });
  return mapping;
}

crdt::Result<void> validate(const Wish& wish) {
  if (auto emoji = validate_emoji(wish.emoji); !emoji) return emoji;
  if (!wish.value) return {};
  if (wish.half == HalfKind::kName) return validate_name(*wish.value);
  if (!is_picture_hash(*wish.value)) return crdt::Error("a picture is named by 64 hex digits");
  return {};
}

crdt::Result<void> apply(const std::vector<Wish>& wishes, crdt::WallTime now, crdt::Edit& edit) {
  if (crdt::is_handled(edit.document(), edit.stamp().request)) return {};
  Mapping after = read_mapping(edit.document());
  for (const Wish& wish : wishes) {
    if (auto sound = validate(wish); !sound) return sound;
    if (wish.value && !wish.emoji.empty()) after.pairs[wish.emoji];
  }
  if (after.pairs.size() > kPairsMax) return crdt::Error("one user can have at most 200 emojis");
  for (const Wish& wish : wishes) {
    const std::string path = half_path(wish.emoji, wish.half);
    const bool contested = crdt::MvRegister(path).is_conflict(edit.document());
    write_field(edit, path, wish.value.value_or(std::string(kRemoved)), kRemoved, contested, now);
  }
  if (edit.empty()) return {};
  crdt::add_handled(edit);
  crdt::expire_handled(edit, crdt::Rank{now.time_since_epoch().count()});
  return {};
}

}  // namespace slack::persona

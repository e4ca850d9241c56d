#include "crdt/damage.h"

#include "crdt/byte_io.h"
#include "crdt/codec.h"

namespace crdt {

Bytes encode(const Damage& damage) {
  ByteWriter out;
  out.number(damage.found_in.value).number(damage.header_lost).number(damage.healed);
  out.run(encode(damage.known));
  for (const Bytes& peer : damage.asked) out.run(peer);
  return out.take();
}

Result<Damage> decode_damage(BytesView bytes) {
  ByteReader in(bytes);
  Damage damage;
  damage.found_in.value = in.number();
  damage.header_lost = in.number() != 0;
  damage.healed = in.number() != 0;
  Result<VersionVector> known = decode_version_vector(in.run());
  if (!known) return known.error();
  damage.known = std::move(*known);
  while (!in.bad() && !in.at_end()) damage.asked.emplace(in.run());
  if (in.bad()) return Error("the note of a damaged document is damaged");
  return damage;
}

}  // namespace crdt

// Bytes: an owned run of octets. A std::string, because LMDB, Cap'n Proto, JSON and sockets all
// take one without a copy; text and bytes are told apart by name, not by type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crdt {

using Bytes = std::string;
using BytesView = std::string_view;

// Lower-case hexadecimal, two characters per octet.
[[nodiscard]] std::string to_hex(BytesView bytes);

// The inverse of to_hex; upper case is accepted. Empty on anything that is not hexadecimal.
[[nodiscard]] Bytes from_hex(std::string_view text);

// 64-bit numbers as 8 big-endian octets, so that keys sort as the numbers do.
[[nodiscard]] Bytes big_endian(std::uint64_t value);
[[nodiscard]] std::uint64_t from_big_endian(BytesView eight);  // REQUIRES eight.size() == 8

}  // namespace crdt

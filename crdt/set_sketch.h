// SetSketch: tells two peers in which 64-bit items their sets differ, at a cost of what differs.
//
// A rateless invertible Bloom lookup table: an endless row of coded symbols, each the sum of some
// items. The receiver takes off its own items' symbols and peels what is left; it says when it has
// had enough.
//
// Shape    symbol i holds an item with probability 1 / (1 + i/2); which symbols hold an item is
//          drawn from the item alone, so both sides agree.
// Size     some 1.35 to 1.7 symbols for each item that differs; kSymbolBytes each on the wire.
// Laws     what a decoder that is done tells apart is exactly the symmetric difference:
//          tests/crdt/set_sketch_law_test.cc.
// Source   Yang, Gilad, Alizadeh: "Practical Rateless Set Reconciliation", SIGCOMM 2024
//          (arXiv 2402.02668).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/result.h"

namespace crdt {

struct CodedSymbol {
  std::uint64_t items = 0;  // Exclusive or of the items,
  std::uint32_t check = 0;  // of their checks,
  std::uint8_t count = 0;   // and how many there are, modulo 256: of a difference, 1 or -1 matter.

  bool operator==(const CodedSymbol&) const = default;
};

inline constexpr std::size_t kSymbolBytes = 13;
inline constexpr std::size_t kSymbolsMax = 4'096;  // In one message.

[[nodiscard]] Bytes encode(const std::vector<CodedSymbol>& symbols);
[[nodiscard]] Result<std::vector<CodedSymbol>> decode_symbols(BytesView bytes);

// The symbols that hold one item, in order; the first is symbol 0.
class SymbolChoice {
 public:
  explicit SymbolChoice(std::uint64_t item);

  [[nodiscard]] std::uint64_t symbol() const { return symbol_; }
  void advance();

 private:
  std::uint64_t random_;
  std::uint64_t symbol_ = 0;
};

// A set's symbols, from the first on.
class SymbolSource {
 public:
  explicit SymbolSource(std::vector<std::uint64_t> items);  // In any order, doubles allowed.

  [[nodiscard]] std::vector<CodedSymbol> next(std::size_t count);
  [[nodiscard]] std::uint64_t made() const { return made_; }

 private:
  struct Item {
    std::uint64_t item;
    SymbolChoice choice;
  };
  std::vector<Item> items_;
  std::uint64_t made_ = 0;
};

class SetDecoder {
 public:
  explicit SetDecoder(std::vector<std::uint64_t> ours) : ours_(std::move(ours)) {}

  // The other set's next symbols.
  void take(const std::vector<CodedSymbol>& theirs);

  // The difference is known.
  [[nodiscard]] bool done() const { return !symbols_.empty() && symbols_[0] == CodedSymbol{}; }
  [[nodiscard]] std::size_t symbols() const { return symbols_.size(); }

  // REQUIRES done().
  [[nodiscard]] const std::set<std::uint64_t>& only_theirs() const { return only_theirs_; }
  [[nodiscard]] const std::set<std::uint64_t>& only_ours() const { return only_ours_; }

 private:
  struct Found {
    std::uint64_t item;
    std::uint8_t count;  // 1 or, modulo 256, -1.
    SymbolChoice choice;
  };
  void take_off(Found& found, std::vector<std::size_t>& pure);
  [[nodiscard]] bool is_pure(const CodedSymbol& symbol) const;

  SymbolSource ours_;
  std::vector<CodedSymbol> symbols_;  // Theirs without ours and what was found.
  std::vector<Found> found_;
  std::set<std::uint64_t> only_theirs_;
  std::set<std::uint64_t> only_ours_;
};

}  // namespace crdt

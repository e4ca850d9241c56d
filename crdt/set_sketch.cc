#include "crdt/set_sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/hash64.h"

namespace crdt {
namespace {

constexpr std::uint8_t kOne = 1;
constexpr std::uint8_t kMinusOne = 255;

// Independent of the choice of symbols.
std::uint32_t check_of(std::uint64_t item) {
  return static_cast<std::uint32_t>(mix64(item ^ 0x9e3779b97f4a7c15) >> 32);
}

void add(CodedSymbol& symbol, std::uint64_t item, std::uint8_t count) {
  symbol.items ^= item;
  symbol.check ^= check_of(item);
  symbol.count = static_cast<std::uint8_t>(symbol.count + count);
}

}  // namespace

Bytes encode(const std::vector<CodedSymbol>& symbols) {
  ByteWriter out;
  for (const CodedSymbol& symbol : symbols) {
    out.number(symbol.items).octets(big_endian(symbol.check).substr(4));
    out.octets(BytesView(reinterpret_cast<const char*>(&symbol.count), 1));
  }
  return out.take();
}

Result<std::vector<CodedSymbol>> decode_symbols(BytesView bytes) {
  std::vector<CodedSymbol> symbols;
  ByteReader in(bytes);
  while (!in.at_end() && !in.bad()) {
    if (symbols.size() == kSymbolsMax) return Error("too many symbols of a sketch");
    CodedSymbol symbol;
    symbol.items = in.number();
    for (int i = 0; i < 4; ++i) symbol.check = symbol.check << 8 | in.octet();
    symbol.count = in.octet();
    symbols.push_back(symbol);
  }
  if (in.bad()) return Error("a sketch is cut off");
  return {boost::system::in_place_value, std::move(symbols)};
}

SymbolChoice::SymbolChoice(std::uint64_t item) : random_(mix64(item) | 1) {}

// The distance to the next symbol, by the inverse of its distribution. Every operation is one that
// IEEE 754 rounds exactly, so that all machines agree.
void SymbolChoice::advance() {
  random_ *= 0xda942042e4dd58b5;
  const double root = std::sqrt(static_cast<double>(random_) + 1);
  const double stretch = 4294967296.0 / root - 1;
  const double step = std::ceil((static_cast<double>(symbol_) + 1.5) * stretch);
  constexpr double kFar = 1e15;  // Beyond any symbol that is ever sent.
  symbol_ += static_cast<std::uint64_t>(std::clamp(step, 1.0, kFar));
}

SymbolSource::SymbolSource(std::vector<std::uint64_t> items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  items_.reserve(items.size());
  for (const std::uint64_t item : items) items_.push_back({item, SymbolChoice(item)});
}

std::vector<CodedSymbol> SymbolSource::next(std::size_t count) {
  std::vector<CodedSymbol> symbols(count);
  const std::uint64_t end = made_ + count;
  for (Item& item : items_) {
    for (; item.choice.symbol() < end; item.choice.advance()) {
      add(symbols[item.choice.symbol() - made_], item.item, 1);
    }
  }
  made_ = end;
  return symbols;
}

bool SetDecoder::is_pure(const CodedSymbol& symbol) const {
  return (symbol.count == kOne || symbol.count == kMinusOne) &&
         symbol.check == check_of(symbol.items);
}

void SetDecoder::take_off(Found& found, std::vector<std::size_t>& pure) {
  for (; found.choice.symbol() < symbols_.size(); found.choice.advance()) {
    CodedSymbol& symbol = symbols_[found.choice.symbol()];
    add(symbol, found.item, static_cast<std::uint8_t>(-found.count));
    if (is_pure(symbol)) pure.push_back(found.choice.symbol());
  }
}

void SetDecoder::take(const std::vector<CodedSymbol>& theirs) {
  const std::vector<CodedSymbol> ours = ours_.next(theirs.size());
  std::vector<std::size_t> pure;
  const std::size_t first = symbols_.size();
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    symbols_.push_back({theirs[i].items ^ ours[i].items, theirs[i].check ^ ours[i].check,
                        static_cast<std::uint8_t>(theirs[i].count - ours[i].count)});
  }
  for (Found& found : found_) take_off(found, pure);
  for (std::size_t i = first; i < symbols_.size(); ++i) {
    if (is_pure(symbols_[i])) pure.push_back(i);
  }
  while (!pure.empty()) {
    const CodedSymbol symbol = symbols_[pure.back()];
    pure.pop_back();
    if (!is_pure(symbol)) continue;  // It was found elsewhere meanwhile.
    auto& side = symbol.count == kOne ? only_theirs_ : only_ours_;
    if (!side.insert(symbol.items).second) continue;  // A liar's symbols may say it for ever.
    found_.push_back({symbol.items, symbol.count, SymbolChoice(symbol.items)});
    take_off(found_.back(), pure);
  }
}

}  // namespace crdt
